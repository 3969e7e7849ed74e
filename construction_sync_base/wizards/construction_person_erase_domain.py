from odoo import models
from odoo.tools import SQL

from ..models.construction_event import UNFINISHED

EMPLOYEE_TEXTS = ("number", "name")
PERSON_TEXTS = ("identity", "external_id", "name", "email")


class ConstructionPersonErase(models.TransientModel):
    """People whom platforms name as approvers, their names on approvals, and employees."""

    _inherit = "construction.person.erase"

    def _find(self, person):
        holds = self.env["construction.legal.hold"]._active()
        return [
            *super()._find(person),
            *self._find_people(person, holds),
            *self._find_approvals(person, holds),
            *self._find_employees(person, holds),
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
                """SELECT a.id, a.document_name, COALESCE(%s, FALSE), a.person
                     FROM construction_approval a
                     LEFT JOIN construction_event e ON e.id = a.event_id
                    WHERE a.company_id = ANY(%s)""",
                holds._events("e"), self._companies(),
            ),
            ("person",), "a", person,
        )  # fmt: skip
        return [
            self._line("construction.approval", row_id, document, self._kept(held, False))
            for row_id, document, held, _name in rows
        ]

    def _find_employees(self, person, holds):
        """Like the list of people; one of whom an event still waits would be filled again."""
        held = holds.company_id.ids
        rows = self._rows(
            SQL(
                """SELECT m.id, m.company_id,
                          EXISTS (SELECT FROM construction_binding b
                                    JOIN construction_event e
                                      ON e.platform_id = b.platform_id
                                     AND e.subject = 'employee/' || b.external_id
                                   WHERE b.res_model = 'construction.employee'
                                     AND b.res_id = m.id AND e.state = ANY(%s)),
                          m.number, m.name
                     FROM construction_employee m WHERE m.company_id = ANY(%s)""",
                list(UNFINISHED), self._companies(),
            ),
            EMPLOYEE_TEXTS, "m", person,
        )  # fmt: skip
        return [
            self._line(
                "construction.employee", row_id, f"{name} ({number})",
                self._kept(company in held, unfinished),
            )
            for row_id, company, unfinished, number, name in rows
        ]  # fmt: skip

    def _erase_employees(self, ids, pseudonym):
        """The row stays, archived, with what decides rates: hours lead back to it. Each gets
        a number of its own, since a company has every number once."""
        self.env.cr.execute(
            """
            UPDATE construction_employee
               SET name = %(as)s, number = %(as)s || '-' || id, user_id = NULL,
                   hr_employee_ref = NULL, pay_group = NULL, "union" = NULL, union_local = NULL,
                   crew = NULL, level_period = NULL, hired_on = NULL, left_on = NULL,
                   active = FALSE, write_uid = %(uid)s,
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE id = ANY(%(ids)s)
            """,
            {"as": pseudonym, "uid": self.env.uid, "ids": ids},
        )

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
        self._erase_employees(ids.get("construction.employee", []), pseudonym)
        return done
