from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

from .construction_apply import APPLY_CONTEXT
from .construction_change import DRY

MOST_TRIED = 100  # events: the person waits for them


class ConstructionUpload(models.Model):
    """Trying an upload: its events go through their handlers, and nothing of it is kept."""

    _inherit = "construction.upload"

    def action_try(self):
        """Say of each row which document it would make or change, or what it would wait for.

        :raises UserError: it was not checked, or the platform takes nothing
        """
        self.ensure_one()
        self._check_sender()
        if self.state != "checked":
            raise UserError(self.env._("Check the file first, and correct what is faulty."))
        route = self._open_route()
        drafts, envelopes, known = self._read()
        fresh = [
            (draft, envelopes[position])
            for position, draft in enumerate(drafts)
            if position in envelopes and envelopes[position].id not in known
        ][:MOST_TRIED]
        if not fresh:
            raise UserError(self.env._("All of it arrived before: sending it changes nothing."))
        self.env.flush_all()
        told = self._outlooks(route, [envelope for _draft, envelope in fresh])
        by_number = {row.row: row for row in self.sudo().row_ids}
        for draft, envelope in fresh:
            by_number[next(iter(draft.rows))].outlook = told[envelope.id]
        return True

    def _outlooks(self, route, envelopes):
        """{event id: sentence}"""
        with self.env.registry.cursor() as cr:
            context = {**APPLY_CONTEXT, "construction_trial": DRY, "lang": self.env.lang}
            env = api.Environment(cr, SUPERUSER_ID, context)
            try:
                return self.with_env(env)._try_inside(route, envelopes)
            finally:
                cr.rollback()

    def _try_inside(self, route, envelopes):
        delivery = self._evidence(b"")
        self.env["construction.inbox"]._insert(route, envelopes, delivery)
        events = self._known_events([envelope.id for envelope in envelopes])
        reapply = self.env["construction.reapply"]
        rows = reapply._rows([event.id for event in events.values()])
        before = self._bound_before(rows)
        items = reapply._go(self.platform_id, rows)
        self.env.flush_all()
        told = {row["id"]: self._outlook(row, items.get(row["id"]), before) for row in rows}
        return {event_id: told[event.id] for event_id, event in events.items()}

    def _bound_before(self, rows):
        """{(model, id)} of the documents that stand for the objects already."""
        subjects = [row["subject"].partition("/")[2] for row in rows]
        bindings = self.env["construction.binding"].search(
            [("platform_id", "=", self.platform_id.id), ("external_id", "in", subjects)]
        )
        return {(binding.res_model, binding.res_id) for binding in bindings}

    def _outlook(self, row, item, before):
        outcome = row["outcome"][0]
        if outcome == "superseded" or item is None:
            return self.env._("A newer version was applied: it changes nothing.")
        if outcome == "blocked":
            return self.env._("It waits for an earlier event of the same record.")
        said = [problem.message for problem in item.problems]
        if outcome != "processed":
            return self.env._("It waits: %s", "\n".join(said))
        documents = [
            self._document_words(bound, before) for bound in item.bindings if bound["res_id"]
        ]
        return "\n".join([*documents, *said]) or self.env._("It is applied.")

    def _document_words(self, bound, before):
        record = self.env[bound["res_model"]].browse(bound["res_id"])
        if (bound["res_model"], bound["res_id"]) in before:
            return self.env._("Changes %s", record.display_name)
        return self.env._("Makes %s", record.display_name)
