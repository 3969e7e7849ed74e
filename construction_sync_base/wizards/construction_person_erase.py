import secrets

from markupsafe import Markup
from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..lib import strict_json
from ..lib.errors import Malformed
from ..lib.person import Person
from ..models.construction_event import UNFINISHED

GROUP = "construction_sync_base.group_integration_manager"
# text columns of an event that people can read
EVENT_TEXTS = ("payload", "last_error", "approved_note")
ISSUE_TEXTS = ("message", "suggestion", "reason")


class ConstructionPersonErase(models.TransientModel):
    """Erases one person from what was recorded: a pseudonym in payloads, issues and their
    discussion, whole bodies of deliveries, whole details of the audit trail.

    Native documents and the ledger stay as they are. The audit's chain still verifies: its
    rows vouch for a detail by a salted digest, and the salt goes with the text. Events keep
    identity and digest, so that a repeated delivery is still recognised.
    """

    _name = "construction.person.erase"
    _description = "Erase a Person"

    partner_id = fields.Many2one("res.partner", string="Contact")
    terms = fields.Text(
        required=True,
        help="One name, address or id on each line, as it may stand in the data. Whole words "
        "are found, in upper and lower case.",
    )
    reason = fields.Char(help="Why, such as the request of the person. It is kept.")
    searched = fields.Boolean(readonly=True)
    line_ids = fields.One2many("construction.person.erase.line", "wizard_id", readonly=True)
    found_count = fields.Integer(string="Will be erased", compute="_compute_counts")
    kept_count = fields.Integer(string="Cannot be erased now", compute="_compute_counts")

    @api.depends("line_ids.kept")
    def _compute_counts(self):
        for wizard in self:
            kept = wizard.line_ids.filtered("kept")
            wizard.kept_count = len(kept)
            wizard.found_count = len(wizard.line_ids) - len(kept)

    @api.onchange("partner_id")
    def _onchange_partner_id(self):
        partner = self.partner_id
        known = [partner.name, partner.email, partner.phone] if partner else []
        terms = [*(self.terms or "").splitlines(), *filter(None, known)]
        self.terms = "\n".join(dict.fromkeys(term for term in terms if term.strip()))

    def _check_operator(self):
        if not self.env.user.has_group(GROUP):
            raise AccessError(self.env._("Only an Integration Manager erases a person."))

    def _person(self):
        try:
            return Person((self.terms or "").splitlines())
        except Malformed as error:
            raise UserError(
                self.env._(
                    "Give names, addresses or ids of at least three characters, one on each "
                    "line: %s.",
                    error,
                )
            ) from None

    # --------------------------------------------------------------- search
    def action_search(self):
        """List what tells of the person, and what of it has to stay for now and why."""
        self.ensure_one()
        self._check_operator()
        self.write(
            {
                "line_ids": [
                    Command.clear(), *(Command.create(line) for line in self._find(self._person()))
                ],
                "searched": True,
            }
        )  # fmt: skip
        return self._reopen()

    def _find(self, person):
        self.env.flush_all()
        holds = self.env["construction.legal.hold"]._active()
        events = self._find_events(person, holds)
        return [
            *events,
            *self._find_deliveries(person, holds, {line["res_id"] for line in events}),
            *self._find_issues(person, holds),
            *self._find_details(person, holds),
        ]

    def _rows(self, select, columns, alias, person):
        """Rows of a query in which one of the text columns holds the person.

        The query's last columns are the texts; the database searches coarsely by LIKE.
        """
        likes = [_like(SQL.identifier(alias, column), person.patterns()) for column in columns]
        rows = self.env.execute_query(SQL("%s AND (%s)", select, SQL(" OR ").join(likes)))
        return [row for row in rows if self._holds_person(row[-len(columns):], person)]  # fmt: skip

    def _holds_person(self, texts, person):
        return any(_scrub(text, person, "") != text for text in texts if text)

    def _companies(self):
        return list(self.env.companies.ids)

    def _line(self, model, res_id, name, kept):
        effect = (
            self.env._("Removed whole")
            if model in self._whole()
            else self.env._("A pseudonym in the person's place")
        )
        return {"model": model, "res_id": res_id, "name": name, "effect": effect, "kept": kept}

    def _whole(self):
        """Models whose records lose all that they say."""
        return {"construction.delivery", "construction.audit"}

    def _find_events(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT e.id, e.type, e.subject, e.state, %s, e.payload, e.last_error,
                          e.approved_note FROM construction_event e WHERE e.company_id = ANY(%s)""",
                holds._events("e"), self._companies(),
            ),
            EVENT_TEXTS, "e", person,
        )  # fmt: skip
        lines = []
        for event_id, kind, subject, state, held, *_texts in rows:
            kept = self._kept(held, state in UNFINISHED)
            lines.append(self._line("construction.event", event_id, f"{kind} {subject}", kept))
        return lines

    def _kept(self, held, unfinished):
        if held:
            return self.env._("Under a legal hold: lift it first.")
        return unfinished and self.env._("Not finished: apply or discard the event first.")

    def _find_deliveries(self, person, holds, event_ids):
        """Those of the events, and those whose bytes hold the person (malformed ones too).
        A body stays while one of its events may still have to be read from it."""
        raw = SQL("encode(decode(encode(d.body, 'escape'), 'base64'), 'escape')")
        rows = self.env.execute_query(
            SQL(
                """
                SELECT d.id, d.received_at, %s,
                       EXISTS (SELECT FROM construction_event e
                                WHERE e.delivery_id = d.id AND e.state = ANY(%s))
                  FROM construction_delivery d
                 WHERE d.company_id = ANY(%s) AND d.body IS NOT NULL
                   AND (d.id IN (SELECT e.delivery_id FROM construction_event e
                                  WHERE e.id = ANY(%s)) OR %s)
                 ORDER BY d.id
                """,
                holds._deliveries("d"), list(UNFINISHED), self._companies(), list(event_ids),
                _like(raw, person.byte_patterns()),
            )
        )  # fmt: skip
        return [
            self._line(
                "construction.delivery", delivery_id, f"{received:%Y-%m-%d %H:%M:%S}",
                self._kept(held, unfinished),
            )
            for delivery_id, received, held, unfinished in rows
        ]  # fmt: skip

    def _find_issues(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT i.id, i.subject, COALESCE(e.state = ANY(%s), FALSE),
                          COALESCE(%s, FALSE) OR COALESCE(%s, FALSE), i.message, i.suggestion,
                          i.reason FROM construction_issue i
                     LEFT JOIN construction_event e ON e.id = i.event_id
                     LEFT JOIN construction_delivery d ON d.id = i.delivery_id
                    WHERE i.company_id = ANY(%s)""",
                list(UNFINISHED), holds._events("e"),
                SQL("(d.id IS NOT NULL AND %s)", holds._deliveries("d")), self._companies(),
            ),
            ISSUE_TEXTS, "i", person,
        )  # fmt: skip
        return [
            self._line("construction.issue", issue_id, subject or "", self._kept(held, unfinished))
            for issue_id, subject, unfinished, held, *_texts in rows
        ]

    def _find_details(self, person, holds):
        rows = self._rows(
            SQL(
                """SELECT a.id, a.action, a.at, %s, d.text FROM construction_audit a
                     JOIN construction_audit_detail d ON d.audit_id = a.id
                    WHERE COALESCE(a.company_id, 0) = ANY(%s)""",
                holds._audit_rows("a"), [0, *self._companies()],
            ),
            ("text",), "d", person,
        )  # fmt: skip
        return [
            self._line("construction.audit", row_id, f"{action} {at}", self._kept(held, False))
            for row_id, action, at, held, _text in rows
        ]

    # ---------------------------------------------------------------- erase
    def action_erase(self):
        """Search once more and erase what may be erased.

        :raises UserError: no reason, or nothing that may be erased
        """
        self.ensure_one()
        self._check_operator()
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why this person is erased: the reason is kept."))
        person = self._person()
        self.action_search()
        lines = self.line_ids.filtered(lambda line: not line.kept)
        if not lines:
            raise UserError(
                self.env._("Nothing found that may be erased: see the list for what has to stay.")
            )
        pseudonym = f"person-{secrets.token_hex(4)}"
        ids = {}
        for line in lines:
            ids.setdefault(line.model, []).append(line.res_id)
        companies = self._companies_of(ids)
        self._erase(ids, person, pseudonym)
        self.env.invalidate_all()
        self._tell(ids, companies, person.scrub_text(self.reason, pseudonym), pseudonym)
        kinds = self.env["ir.model"]
        counts = ", ".join(f"{kinds._get(model).name} {len(of)}" for model, of in ids.items())
        kept = self.kept_count
        # the dialog's own rows hold the terms
        self.line_ids.unlink()
        self.terms, self.partner_id, self.reason = pseudonym, False, False
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if kept else "success",
                "sticky": bool(kept),
                "title": self.env._("Erased as %s", pseudonym),
                "message": self.env._(
                    "Erased: %(counts)s. Not yet: %(kept)s.", counts=counts, kept=kept
                ),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _rewrite(self, table, columns, ids, person, pseudonym, extra=None):
        """Put the pseudonym into text columns, one statement for all rows."""
        names = SQL(", ").join(map(SQL.identifier, columns))
        rows = self.env.execute_query(
            SQL("SELECT id, %s FROM %s WHERE id = ANY(%s) FOR UPDATE", names,
                SQL.identifier(table), list(ids))
        )  # fmt: skip
        values = [
            (row[0], *(text and _scrub(text, person, pseudonym) for text in row[1:]))
            for row in rows
        ]
        if not values:
            return
        sets = SQL(", ").join(
            SQL("%s = v.%s", SQL.identifier(name), SQL.identifier(name)) for name in columns
        )
        self.env.cr.execute(
            SQL(
                "UPDATE %s t SET %s%s FROM unnest(%s::int[], %s) AS v (id, %s) WHERE t.id = v.id",
                SQL.identifier(table),
                sets,
                extra or SQL(),
                [row[0] for row in values],
                SQL(", ").join(
                    SQL("%s::text[]", [row[position] for row in values])
                    for position in range(1, len(columns) + 1)
                ),
                names,
            )
        )

    def _erase(self, ids, person, pseudonym):
        """:param ids: {model: ids of the records to erase the person from}"""
        self._erase_events(ids.get("construction.event", []), person, pseudonym)
        self._erase_deliveries(ids.get("construction.delivery", []))
        issues = ids.get("construction.issue", [])
        self._rewrite("construction_issue", ISSUE_TEXTS, issues, person, pseudonym)
        self._erase_messages("construction.issue", issues, person, pseudonym)
        self._erase_details(ids.get("construction.audit", []))

    def _erase_events(self, ids, person, pseudonym):
        now = SQL(", erased_at = now() AT TIME ZONE 'UTC'")
        self._rewrite("construction_event", EVENT_TEXTS, ids, person, pseudonym, now)

    def _erase_deliveries(self, ids):
        self.env.cr.execute(
            "UPDATE construction_delivery SET body = NULL, headers = NULL,"
            " erased_at = now() AT TIME ZONE 'UTC' WHERE id = ANY(%s)",
            (ids,),
        )

    def _erase_messages(self, model, ids, person, pseudonym):
        """The discussion on records, with the changes that it tracks."""
        messages = self.env["mail.message"].sudo().search(
            [("model", "=", model), ("res_id", "in", ids)]
        )  # fmt: skip
        for message in messages.filtered(lambda one: person.is_in(one.body)):
            message.body = Markup(person.scrub_text(str(message.body), pseudonym))
        self._rewrite(
            "mail_tracking_value", ("old_value_char", "new_value_char"),
            messages.tracking_value_ids.ids, person, pseudonym,
        )  # fmt: skip

    def _erase_details(self, ids):
        self.env.cr.execute(
            "UPDATE construction_audit_detail SET text = NULL, salt = NULL"
            " WHERE audit_id = ANY(%s)",
            (ids,),
        )

    def _companies_of(self, ids):
        """{(model, id): id of its company or None}, asked before some are gone."""
        return {
            (model, record.id): record.company_id.id or None
            for model, of in ids.items()
            for record in self.env[model].sudo().browse(of)
        }

    def _tell(self, ids, companies, reason, pseudonym):
        """One row of the audit for each record, and one with the reason. No name in them."""
        audit = self.env["construction.audit"].sudo()
        for model, of in ids.items():
            action = "detail_erased" if model == "construction.audit" else "person_erased"
            audit._insert([(companies[model, one], model, one, action, None, None) for one in of])
        counts = {model: len(of) for model, of in ids.items()}
        audit._record(
            self.env.company,
            "person_erased",
            {"reason": reason, "as": pseudonym, "erased": counts, "kept": self.kept_count},
        )

    def _reopen(self):
        return self._get_records_action(name=self.env._("Erase a person"), target="new", context={})


class ConstructionPersonEraseLine(models.TransientModel):
    _name = "construction.person.erase.line"
    _description = "Record That Tells of a Person"
    _order = "kept desc, model, res_id"

    wizard_id = fields.Many2one("construction.person.erase", required=True, ondelete="cascade")
    model = fields.Char(readonly=True)
    kind = fields.Char(compute="_compute_kind")
    res_id = fields.Many2oneReference(string="Record", model_field="model", readonly=True)
    name = fields.Char(string="What", readonly=True)
    effect = fields.Char(string="What happens", readonly=True)
    kept = fields.Char(string="Has to stay", readonly=True)

    @api.depends("model")
    def _compute_kind(self):
        for line in self:
            line.kind = self.env["ir.model"]._get(line.model).name

    def action_open(self):
        self.ensure_one()
        return self.env[self.model].browse(self.res_id)._get_records_action(context={})


def _like(column, terms):
    """Condition: some term has all of its words in the column, each in some form."""
    return SQL(" OR ").join(
        SQL("(%s)", SQL(" AND ").join(SQL("%s ILIKE ANY(%s)", column, word) for word in words))
        for words in terms
    )


def _scrub(text, person, pseudonym):
    """JSON by its values, so that no structure breaks; any other text as it stands."""
    if text.startswith(("{", "[")):
        try:
            value = strict_json.loads(text.encode())
        except Malformed:
            return person.scrub_text(text, pseudonym)
        scrubbed = person.scrub(value, pseudonym)
        return text if scrubbed == value else strict_json.dumps(scrubbed)
    return person.scrub_text(text, pseudonym)
