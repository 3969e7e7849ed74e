from datetime import UTC, datetime

from odoo import models

from ..lib import presence, since
from .construction_poller import MOST_PASSES
from .construction_resource_run import MOST_NAMED


class ConstructionResourceRun(models.Model):
    """What a page becomes, and what the end of the list says. Runs in the transaction of the
    page (`construction.poller`)."""

    _inherit = "construction.resource.run"

    def _keep_page(self, records, delivery, total):
        """Store the events of a page and note what was seen.

        :param total: records that the platform says there are, or None
        """
        resource = self.resource_id
        named = [(resource._id_of(record), record) for record in records]
        ids = [one for one, _record in named if one]
        taken = named
        if self.kind == "comparison":
            known = self._known(ids)
            taken = [(one, record) for one, record in named if one not in known]
        entries = [entry for one, record in taken for entry in resource._entries(one, record)]
        inbox = self.env["construction.inbox"]
        verdicts, evidence = inbox._store_page(resource.platform_id, entries, delivery)
        fresh, unnamed = self._see(ids), len(named) - len(ids)
        faulty = sum(verdict in ("malformed", "conflict") for verdict in verdicts)
        marks = [since.mark(resource.since_form, resource._change_of(one)) for one in records]
        began = self.started_at.replace(tzinfo=UTC)
        self.write(
            {
                "pages": self.pages + 1,
                "records": self.records + len(records),
                "listed": self.listed + fresh + unnamed,
                "repeated": self.repeated + len(ids) - fresh,
                "shrunk": self.shrunk or (total is not None and total < self.total),
                "total": self.total if total is None else total,
                "new_count": self.new_count + verdicts.count("accepted"),
                "duplicate_count": self.duplicate_count + verdicts.count("duplicate"),
                "faulty_count": self.faulty_count + faulty,
                "mark": since.reached(resource.since_form, self.mark or None, marks, began)
                or False,
            }
        )
        if faulty:
            self.fault = self.fault or inbox._first_trouble(entries, verdicts)
            resource._tell_unreadable(self, evidence)

    # -------------------------------------------------------------- the end
    def _finish(self):
        """The last page was read.

        :return: whether it is read once more, since the list moved meanwhile
        """
        resource, moved = self.resource_id, self._has_moved()
        if moved and self.passes < MOST_PASSES:
            self._next_pass()
            return True
        values, why = {}, False
        if moved:
            why = self.env._(
                "The list moved in each of %s passes: it is read from the same place again.",
                self.passes,
            )
        elif self.kind != "comparison":  # that one takes only what is not known
            values["mark"] = since.reached(
                resource.since_form, resource.mark or None, [self.mark], datetime.now(UTC)
            )
        if not (moved or self.since_text) and resource.object:
            self._compare()
            values["last_compared_at"] = self.env.cr.now()
        self._end("done", why)
        resource._succeeded(values)
        return False

    def _compare(self):
        """Ids there and here. Nothing is deleted because of it."""
        here = self._ids_here()
        found = presence.compare(here, self._ids_there())
        missing = sorted(found.missing)
        self.write(
            {
                "compared": True,
                "known_count": len(here),
                "only_there_count": len(found.new),
                "missing_count": len(missing),
                "missing_ids": "\n".join(missing[:MOST_NAMED]) or False,
                "alarm": found.alarm,
            }
        )
        self.resource_id._tell_absent(self, missing)

    def _ids_here(self):
        """Ids that are bound and not known to be deleted; of a scope, those that its list had
        before."""
        self.env.cr.execute(
            """
            SELECT b.external_id FROM construction_binding b
             WHERE b.platform_id = %(platform)s AND b.object = %(object)s
               AND b.tombstone IS NOT TRUE AND b.unlinked IS NOT TRUE AND b.merged_into IS NULL
               AND (%(whole)s OR EXISTS (
                    SELECT FROM construction_resource_seen seen
                     WHERE seen.resource_id = %(resource)s AND seen.external_id = b.external_id))
            """,
            self._of() | {"whole": not self.resource_id.scope_key},
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _known(self, ids):
        """Those of the ids that are bound."""
        self.env.cr.execute(
            "SELECT external_id FROM construction_binding WHERE platform_id = %(platform)s"
            " AND object = %(object)s AND external_id = ANY(%(ids)s)",
            self._of() | {"ids": ids},
        )
        return {row[0] for row in self.env.cr.fetchall()}

    def _of(self):
        resource = self.resource_id
        return {"platform": resource.platform_id.id, "object": resource.object or "",
                "resource": resource.id}  # fmt: skip
