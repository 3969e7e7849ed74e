from odoo import models
from odoo.tools import SQL

PERSON_TEXTS = ("identity", "external_id", "name", "email")


class ConstructionPersonErase(models.TransientModel):
    """People whom platforms name as approvers, and their names on approvals."""

    _inherit = "construction.person.erase"

    def _find(self, person):
        holds = self.env["construction.legal.hold"]._active()
        return [
            *super()._find(person),
            *self._find_people(person, holds),
            *self._find_approvals(person, holds),
        ]

    def _find_people(self, person, holds):
        """A platform's list of people is one list: any hold on the company keeps it."""
        held = holds.company_id.ids
        rows = self._rows(
            SQL(
                """SELECT p.id, p.company_id, p.identity, p.external_id, p.name, p.email
                     FROM construction_person p WHERE p.company_id = ANY(%s)""",
                self._companies(),
            ),
            PERSON_TEXTS, "p", person,
        )  # fmt: skip
        return [
            self._line("construction.person", row[0], row[4], self._kept(row[1] in held, False))
            for row in rows
        ]

    def _find_approvals(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT a.id, a.res_model, COALESCE(%s, FALSE), a.person
                     FROM construction_approval a
                     LEFT JOIN construction_event e ON e.id = a.event_id
                    WHERE a.company_id = ANY(%s)""",
                holds._events("e"), self._companies(),
            ),
            ("person",), "a", person,
        )  # fmt: skip
        return [
            self._line("construction.approval", row_id, model, self._kept(held, False))
            for row_id, model, held, _name in rows
        ]

    def _erase(self, ids, person, pseudonym):
        done = super()._erase(ids, person, pseudonym)
        people = ids.get("construction.person", [])
        for one in people:  # each keeps an identity of its own
            self._rewrite("construction_person", PERSON_TEXTS, [one], person, f"{pseudonym}-{one}")
        self._erase_messages("construction.person", people, person, pseudonym)
        self._rewrite(
            "construction_approval", ("person",), ids.get("construction.approval", []),
            person, pseudonym,
        )  # fmt: skip
        return done
