from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..lib import approval

MOST_TOLD = 10  # of a group; more would be noise, they have "My approvals"
DECISIONS = [
    ("approved", "Approved"),
    ("approved_as_noted", "Approved as noted"),
    ("rejected", "Rejected"),
    ("delegated", "Delegated"),
    ("submitted", "Submitted"),
]


class ConstructionApproval(models.Model):
    """One answer that a document needs or has got: which step, who, when, where, in whose
    place. Rows are written by the gate and never edited; they are the evidence."""

    _name = "construction.approval"
    _description = "Approval"
    _check_company_auto = True
    _order = "id desc"
    _rec_name = "document_name"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    document_type = fields.Selection(
        selection=lambda self: self.env["construction.release.mixin"]._document_types(),
        required=True,
        readonly=True,
    )
    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Document id", model_field="res_model", required=True, readonly=True, index=True
    )
    document_name = fields.Char(string="Document", readonly=True)
    rule_id = fields.Many2one("construction.approval.rule", readonly=True, ondelete="restrict")
    round = fields.Integer(readonly=True, help="Each submission is a round of its own.")
    step = fields.Integer(readonly=True)
    role = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="Asked person", readonly=True, index=True)
    group_ids = fields.Many2many("res.groups", string="Asked group", readonly=True)
    submitted_by_id = fields.Many2one("res.users", readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    state = fields.Selection(
        [
            ("waiting", "Earlier step first"),
            ("asked", "To decide"),
            ("decided", "Decided"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        readonly=True,
    )
    asked_at = fields.Datetime(readonly=True)
    escalate_hours = fields.Integer(readonly=True)
    escalate_user_id = fields.Many2one("res.users", string="Escalates to", readonly=True)
    due_at = fields.Datetime(string="Escalates at", readonly=True)
    escalated_at = fields.Datetime(string="Escalated", readonly=True)
    decision = fields.Selection(DECISIONS, readonly=True)
    person = fields.Char(readonly=True, help="Name of who decided, as of then.")
    person_id = fields.Many2one("construction.person", string="Platform person", readonly=True)
    decided_by_id = fields.Many2one("res.users", string="Decided by", readonly=True)
    on_behalf_of_id = fields.Many2one("res.users", string="On behalf of", readonly=True)
    at = fields.Datetime(string="Decided at", readonly=True)
    source = fields.Selection([("odoo", "Odoo"), ("platform", "Platform")], readonly=True)
    reason = fields.Char(readonly=True)
    event_id = fields.Many2one("construction.event", readonly=True, index="btree_not_null")
    waiting_for = fields.Char(compute="_compute_waiting_for")
    mine = fields.Boolean(string="My turn", compute="_compute_mine", search="_search_mine")

    _open = models.Index("(state) WHERE state = 'asked'")
    _decided = models.Constraint(
        "CHECK (state != 'decided' OR (decision IS NOT NULL AND person IS NOT NULL AND at IS NOT"
        " NULL AND source IS NOT NULL))",
        "A decision has a person, a time and a source.",
    )
    _one_of_an_event = models.UniqueIndex(
        "(event_id, res_model, res_id, step, role, person_id) WHERE event_id IS NOT NULL"
        " AND rule_id IS NULL",
        "This approval of the platform is noted already.",
    )

    # ------------------------------------------------------------- computes
    @api.depends("state", "user_id", "group_ids", "role", "escalated_at")
    def _compute_waiting_for(self):
        for row in self.sudo():
            who = row.user_id.name or ", ".join(row.group_ids.mapped("name"))
            text = f"{row.role} ({who})" if who and who != row.role else row.role
            if row.escalated_at:
                text = self.env._("%(role)s, escalated to %(person)s", role=text,
                                  person=row.escalate_user_id.name)  # fmt: skip
            row.waiting_for = text if row.state in ("waiting", "asked") else False

    @api.depends("state")
    @api.depends_context("uid")
    def _compute_mine(self):
        for row in self:
            row.mine = not row._refusal()

    def _search_mine(self, operator, value):
        """What the user may decide now, as himself, as deputy or by escalation."""
        if operator not in ("in", "="):
            return NotImplemented
        user, domains = self.env.user, []
        rows = self.env["construction.approval.delegation"]._rows(user.company_ids)
        today = fields.Date.context_today(self)
        for company in user.company_ids:
            for kind, _label in self.env["construction.release.mixin"]._document_types():
                givers = approval.principals(user.id, rows.get(company.id, ()), today, kind)
                people = user | user.browse(givers)
                domains.append(
                    fields.Domain("company_id", "=", company.id)
                    & fields.Domain("document_type", "=", kind)
                    & (
                        fields.Domain("user_id", "in", people.ids)
                        | fields.Domain("group_ids", "in", people.sudo().all_group_ids.ids)
                        | (
                            fields.Domain("escalated_at", "!=", False)
                            & fields.Domain("escalate_user_id", "=", user.id)
                        )
                    )
                )
        asked = self.sudo().search(fields.Domain("state", "=", "asked") & fields.Domain.OR(domains))
        mine = asked.with_user(user).filtered(lambda row: not row._refusal())
        return [("id", "in", mine.ids)]

    # ----------------------------------------------------------------- ask
    @api.model
    def _ask(self, documents, steps):
        """Write the questions of a round; the platform's own answers count where they are
        those of a person who is asked. The first open step is asked."""
        values = []
        for document in documents:
            number = max(document.approval_ids.mapped("round"), default=0) + 1
            for step in steps[document.id]:
                values.append(
                    {
                        **self._about(document),
                        "submitted_by_id": document.release_requested_by_id.id,
                        "amount": document._release_amount(),
                        "state": "waiting",
                        "round": number,
                        **step,
                    }
                )
        rows = self.sudo().create(values)
        for document in documents:
            own = rows.filtered(lambda row, document=document: row.res_id == document.id)
            own._count_platform(document)
            own._ask_next()

    @api.model
    def _about(self, document):
        """The values of an answer that its document gives."""
        return {
            "company_id": document.company_id.id,
            "document_type": document._release_type,
            "res_model": document._name,
            "res_id": document.id,
            "document_name": document.display_name,
            **document._approval_extra(),
        }

    def _ask_next(self):
        """Ask the lowest step that has no answer yet; its clock starts now."""
        left = self.filtered(lambda row: row.state == "waiting")
        if not left or self.filtered(lambda row: row.state == "asked"):
            return
        step, now = min(left.mapped("step")), fields.Datetime.now()
        for row in left.filtered(lambda row: row.step == step):
            due = now + timedelta(hours=row.escalate_hours) if row.escalate_hours else False
            if row.escalate_user_id and not row._anybody_there():
                due = now
            row.write({"state": "asked", "asked_at": now, "due_at": due})
        self.filtered(lambda row: row.due_at and row.due_at <= now)._escalate()

    def _anybody_there(self):
        """Whether somebody else than the submitter can answer this."""
        delegations = self._delegations()
        today = fields.Date.context_today(self)
        asked = self.user_id or self.group_ids.all_user_ids
        return any(
            user != self.submitted_by_id
            and not approval.is_away(user.id, delegations, today, self.document_type)
            for user in asked
        )

    def _delegations(self):
        found = self.env["construction.approval.delegation"]._rows(self.company_id)
        return found.get(self.company_id.id, [])

    def _people(self):
        """Whom to tell: the asked person and deputies, a small group, the escalation."""
        self.ensure_one()
        row, users = self.sudo(), self.env["res.users"].sudo()
        delegations, today = row._delegations(), fields.Date.context_today(self)
        asked = row.user_id or row.group_ids.all_user_ids
        if row.user_id:
            asked |= users.browse(
                approval.deputies(row.user_id.id, delegations, today, row.document_type)
            )
        elif len(asked) > MOST_TOLD:
            asked = users
        if row.escalated_at:
            asked |= row.escalate_user_id
        return asked.filtered(
            lambda user: (
                user.active and user != row.submitted_by_id and row.company_id in user.company_ids
            )
        )

    # -------------------------------------------------------------- answer
    def action_approve(self):
        self.check_access("read")
        for document, rows in self._documents():
            rows._answer("approved")
            document._release_complete()
        return True

    def action_reject(self, reason):
        """The document goes back to its sender with the reason.

        :raises UserError: no reason, or the row is not the user's to decide
        """
        self.check_access("read")
        for document, _rows in self._documents():
            document.action_return(reason)
        return True

    def action_reject_dialog(self):
        return self.env["construction.reason"]._ask(self, "return")

    def action_open_document(self):
        self.ensure_one()
        self.check_access("read")
        return self.env[self.res_model].browse(self.res_id)._get_records_action(context={})

    def _documents(self):
        """(document as the user, rows) pairs; who may not read the document stops here."""
        for model, res_id in dict.fromkeys((row.res_model, row.res_id) for row in self):
            document = self.env[model].browse(res_id)
            document.check_access("read")
            rows = self.filtered(
                lambda row, key=(model, res_id): (row.res_model, row.res_id) == key
            )
            yield document, rows

    def _answer_all(self, decision, reason=None):
        """Answer what of these is the user's; all of it where nothing is: that explains."""
        mine = self.filtered(lambda row: not row._refusal())
        (mine or self)._answer(decision, reason)

    def _answer(self, decision, reason=None):
        user, now = self.env.user, fields.Datetime.now()
        for row in self:
            refusal = row._refusal()
            if refusal:
                raise UserError(refusal)
            principal = row._principal(user)
            row.sudo().write(
                {
                    "state": "decided",
                    "decision": decision,
                    "person": user.name,
                    "decided_by_id": user.id,
                    "on_behalf_of_id": principal.id if principal != user else False,
                    "at": now,
                    "source": "odoo",
                    "reason": reason,
                }
            )
        self.env["construction.audit"].sudo()._record(
            self, f"approval_{decision}", {"reason": reason} if reason else None
        )
        if decision == "approved":
            for document, _rows in self.sudo()._documents():
                document._release_activities_done()
                document._release_undecided()._ask_next()
                document._release_notify()

    # ---------------------------------------------------------------- rights
    def _refusal(self):
        """Why the user may not answer this, or None."""
        self.ensure_one()
        row, user = self.sudo(), self.env.user
        if row.state == "decided":
            return self.env._(
                "%(document)s: “%(role)s” was decided by %(person)s.",
                document=row.document_name,
                role=row.role,
                person=row.person,
            )
        if row.state != "asked":
            return self.env._("%s waits for an earlier step.", row.document_name)
        principal = row._principal(user)
        if not principal:
            return self.env._(
                "%(document)s waits for %(role)s.",
                document=row.document_name,
                role=row.waiting_for,
            )
        document = self.env[row.res_model].sudo().browse(row.res_id)
        return document._duty_refusal(user, principal) or row._twice_refusal(user)

    def _principal(self, user):
        """In whose right `user` answers: his own, or that of who he is the deputy of."""
        row = self.sudo()
        if row.company_id not in user.sudo().company_ids:
            return user.browse()
        if row._asks(user) or (row.escalated_at and row.escalate_user_id == user):
            return user
        today = fields.Date.context_today(self)
        givers = approval.principals(user.id, row._delegations(), today, row.document_type)
        return user.browse(sorted(givers)).sudo().filtered(row._asks)[:1]

    def _asks(self, user):
        return user == self.user_id or bool(self.group_ids & user.sudo().all_group_ids)

    def _twice_refusal(self, user):
        """Two steps are two people."""
        others = self.search(
            [
                ("res_model", "=", self.res_model),
                ("res_id", "=", self.res_id),
                ("state", "=", "decided"),
                ("round", "=", self.round),
                ("decided_by_id", "=", user.id),
                ("step", "!=", self.step),
            ],
            limit=1,
        )
        if others:
            return self.env._(
                "You approved %(document)s as “%(role)s”: the next step is another person's.",
                document=self.document_name,
                role=others.role,
            )
        return None

    # ----------------------------------------------------------- escalation
    @api.model
    def _escalate_due(self):
        """Called by the clock: what nobody answered in time goes to whom the rule names."""
        due = self.sudo().search(
            [
                ("state", "=", "asked"),
                ("due_at", "<=", fields.Datetime.now()),
                ("escalated_at", "=", False),
                ("escalate_user_id", "!=", False),
            ]
        )
        due._escalate()
        for document, _rows in due._documents():
            document._release_notify()

    def _escalate(self):
        self.write({"escalated_at": fields.Datetime.now()})
        for document, rows in self._documents():
            for row in rows:
                document.message_post(
                    body=self.env._(
                        "“%(role)s” has not answered: escalated to %(person)s.",
                        role=row.role,
                        person=row.escalate_user_id.name,
                    )
                )
        self.env["construction.audit"]._record(self, "approval_escalated")
