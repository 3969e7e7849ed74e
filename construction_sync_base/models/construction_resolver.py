from dataclasses import dataclass
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from .construction_issue import OPEN


class Origin(NamedTuple):
    """A code that the platform names by our id of it (`origin_id`)."""

    id: str

    def __str__(self):
        return self.id


@dataclass(frozen=True, slots=True)
class Own:
    """A code in plain text that may as well be the platform's own id of the record."""

    id: str

    def __str__(self):
        return self.id


def ref_key(ref):
    """(kind, value) of a reference: a string is the platform's own id, an object names
    our id (`origin_id`), a number or a code. None when there is no reference."""
    if not ref:
        return None
    if isinstance(ref, str):
        return ("external", ref)
    for name in ("origin_id", "number", "code"):
        if ref.get(name):
            return ("origin" if name == "origin_id" else "number", str(ref[name]))
    return None


def ref_keys(ref):
    """All keys of a reference, the surest first. One that names our id and the platform's
    own is found by either: ours is only known once somebody gave it to the platform."""
    key = ref_key(ref)
    keys = [key] if key else []
    if isinstance(ref, dict) and ref.get("origin_id") and ref.get("external_id"):
        keys.append(("external", str(ref["external_id"])))
    return keys


def code_of(reference):
    """A code may come as text or as {"code": …}; empty where there is none."""
    return reference if isinstance(reference, str) else str((reference or {}).get("code") or "")


def coding_of(reference):
    """A code as text, or as `Origin` where only our id of it is given."""
    code = code_of(reference)
    if not code and isinstance(reference, dict) and reference.get("origin_id"):
        return Origin(str(reference["origin_id"]))
    return code


def wait_key(object_name, key):
    """What an event waits for when a reference leads nowhere yet."""
    kind, value = key
    return f"{object_name}|{value}" if kind == "number" else f"{kind}:{object_name}|{value}"


class ConstructionResolver(models.AbstractModel):
    """Finds Odoo records for what platforms name, many at a time, and tells waiting
    events when something they waited for has come into being."""

    _name = "construction.resolver"
    _description = "Reference Resolver"

    @api.model
    def _records(self, platform_id, object_name, keys, company_ids=()):
        """Records bound to references.

        :param keys: iterable of `ref_key()` results
        :return: {key: (model, id)}; id is None for what the platform deleted or voided
        """
        keys = {key for key in keys if key}
        found = {}
        for kind, column in (("external", "external_id"), ("origin", "origin_id")):
            values = [value for k, value in keys if k == kind]
            if not values:
                continue
            self.env.cr.execute(
                SQL(
                    "SELECT %(column)s, res_model, res_id FROM construction_binding"
                    " WHERE platform_id = %(platform)s AND object = %(object)s"
                    " AND %(column)s = ANY(%(values)s) AND unlinked IS NOT TRUE",
                    column=SQL.identifier(column),
                    platform=platform_id,
                    object=object_name,
                    values=values,
                )
            )
            for value, model, res_id in self.env.cr.fetchall():
                found[kind, value] = (model, res_id)
        numbers = [value for kind, value in keys if kind == "number"]
        if numbers:
            by_number = self._by_number(object_name, numbers, company_ids)
            found.update({("number", value): target for value, target in by_number.items()})
        return found

    @api.model
    def _merged(self, platform_id, object_name, external_ids):
        """{external id: external id of the record that took its place}"""
        self.env.cr.execute(
            "SELECT external_id, merged_into FROM construction_binding"
            " WHERE platform_id = %s AND object = %s AND external_id = ANY(%s)"
            " AND merged_into IS NOT NULL",
            (platform_id, object_name, list(external_ids)),
        )
        return dict(self.env.cr.fetchall())

    @api.model
    def _by_number(self, object_name, numbers, company_ids):
        """{number: (model, id)} for objects that people number; the domain extends it."""
        return {}

    @api.model
    def _codes(self, kind, values, platform_id, company_id):
        """Crosswalk targets: {external value: (model, id) or (None, value)}."""
        values = [value for value in set(values) if value]
        if not values:
            return {}
        rows = (
            self.env["construction.crosswalk"]
            .sudo()
            .search(
                [
                    ("kind", "=", kind),
                    ("external_value", "in", values),
                    ("platform_id", "in", (False, platform_id)),
                    ("company_id", "in", (False, company_id)),
                ]
            )
        )
        best = {}
        for row in rows.sorted(lambda r: (bool(r.platform_id), bool(r.company_id))):
            best[row.external_value] = (
                (row.res_model, row.res_id) if row.res_model else (None, row.value)
            )
        return best

    # ------------------------------------------------------- waiting events
    @api.model
    def _available(self, pairs, platform_id=None):
        """Resolve the open issues that wait for one of `pairs` = (kind, value)."""
        keys = [f"{kind}|{value}" for kind, value in pairs]
        if not keys:
            return
        domain = [("wait_key", "in", keys), ("state", "in", OPEN)]
        if platform_id:
            domain.append(("platform_id", "=", platform_id))
        self.env["construction.issue"].sudo().search(domain)._close("resolved")

    @api.model
    def _resolve_satisfied(self):
        """Close issues whose cause is gone although nobody told them: the record was
        committed at the same moment as the event that missed it was parked. An older
        binding did not help (its record is gone), or nothing would have been parked."""
        self.env.cr.execute("""
            SELECT i.id FROM construction_issue i
              JOIN construction_binding b
                ON b.platform_id = i.platform_id
               AND b.object = split_part(substr(i.wait_key, 10), '|', 1)
               AND b.external_id = substr(i.wait_key, 10 + strpos(substr(i.wait_key, 10), '|'))
               AND b.res_id IS NOT NULL
               AND b.unlinked IS NOT TRUE AND b.merged_into IS NULL
               AND b.changed_at > i.create_date - interval '10 minutes'
             WHERE i.state IN ('open', 'in_progress') AND i.wait_key LIKE 'external:%'
             LIMIT 1000
        """)
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env["construction.issue"].browse(ids)._close("resolved")
        types = [f"type|{name}" for name in self.env["construction.handler"]._names()]
        self.env["construction.issue"].search(
            [("wait_key", "in", types), ("state", "in", OPEN)]
        )._close("resolved")
