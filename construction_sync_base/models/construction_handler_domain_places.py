from odoo import models

from .construction_resolver import Origin, Own, ref_key

PLACES = ("phase", "location")


class DomainHandler(models.AbstractModel):
    """Phase, location and segments of lines, for a whole batch."""

    _inherit = "construction.handler.domain"

    def _places(self, entries):
        """What lines name, {(object, item id, key): record}; nothing is asked where no line
        names one. Parks the items that name an unknown one.

        :param entries: list of (item, job, line of the event)
        """
        labels = {"phase": self.env._("Phase"), "location": self.env._("Location")}
        found = {}
        for name in PLACES:
            named = [(item, job, _key(name, line)) for item, job, line in entries]
            records = self._coded(
                [row for row in named if row[2]], name, f"construction.{name}", labels[name]
            )
            found |= {(name, id_, key): record for (id_, _job, key), record in records.items()}
        return found

    def _place(self, item, line, places):
        """Values of `construction.placed.mixin` for one line.

        :param places: from `_places`
        """
        values = {}
        for name in PLACES:
            record = places.get((name, item.id, _key(name, line)))
            values[f"{name}_id"] = record.id if record else False
        segments = sorted((line.get("segments") or {}).items())
        values["segments"] = "; ".join(f"{name}: {code}" for name, code in segments if code)
        return values | {"segments": values["segments"] or False}


def _key(name, line):
    """A phase is a code; a location in plain text is the platform's own id or a code."""
    kind, value = ref_key(line.get(name)) or (None, None)
    if kind == "origin":
        return Origin(value)
    return Own(value) if kind == "external" and name == "location" else value
