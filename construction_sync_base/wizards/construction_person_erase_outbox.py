from odoo import models
from odoo.tools import SQL

OUTBOX_TEXTS = ("payload", "last_error")


class ConstructionPersonErase(models.TransientModel):
    """What subscribers were told, and what they answered. What they keep is theirs to erase."""

    _inherit = "construction.person.erase"

    def _find(self, person):
        holds = self.env["construction.legal.hold"]._active()
        return [*super()._find(person), *self._find_told(person, holds)]

    def _find_told(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT o.id, o.type, o.subject, o.state,
                          EXISTS (SELECT FROM construction_event e WHERE e.id = o.event_id AND %s),
                          o.payload, o.last_error FROM construction_outbox o
                    WHERE o.company_id = ANY(%s)""",
                holds._events("e"), self._companies(),
            ),
            OUTBOX_TEXTS, "o", person,
        )  # fmt: skip
        return [
            self._line(
                "construction.outbox", row_id, f"{kind} {subject}",
                self._kept(held, False) or (state == "pending" and self.env._(
                    "Not sent yet: wait, or discard it first."
                )),
            )
            for row_id, kind, subject, state, held, *_texts in rows
        ]  # fmt: skip

    def _erase(self, ids, person, pseudonym):
        result = super()._erase(ids, person, pseudonym)
        told = ids.get("construction.outbox", [])
        self._rewrite("construction_outbox", OUTBOX_TEXTS, told, person, pseudonym)
        tries = self.env["construction.outbox.try"].sudo().search([("outbox_id", "in", told)])
        self._rewrite("construction_outbox_try", ("text",), tries.ids, person, pseudonym)
        return result
