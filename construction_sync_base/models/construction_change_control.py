import hashlib
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from .construction_guard import FINANCE, INTEGRATION_MANAGER, guard

MOST_TOLD = 10  # people; a larger group reads the list


class ConstructionChangeControl(models.Model):
    """Changes that can loosen what controls money. An Integration Manager prepares and checks
    them; two different people of Finance put them in force, and take them back."""

    _inherit = "construction.change"

    controlled = fields.Boolean(
        string="Two people of Finance",
        compute="_compute_controlled",
        store=True,
        help="It can loosen what controls money: Finance approves it, two different people.",
    )
    checked_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    first_approver_id = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    first_approved_at = fields.Datetime(readonly=True, copy=False)
    second_approver_id = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    second_approved_at = fields.Datetime(readonly=True, copy=False)
    approved_digest = fields.Char(readonly=True, copy=False)
    roll_back_asked_by_id = fields.Many2one("res.users", readonly=True, copy=False, tracking=True)
    rolled_back_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    waits_for = fields.Char(compute="_compute_waiting")
    may_approve = fields.Boolean(compute="_compute_waiting")
    may_roll_back = fields.Boolean(compute="_compute_waiting")

    # user 1 is the system itself: installation, and whoever has its shell
    _two_people = models.Constraint(
        "CHECK (controlled IS NOT TRUE OR state IN ('draft', 'checked')"
        " OR COALESCE(activated_by_id, 0) = 1"
        " OR (first_approver_id IS NOT NULL AND second_approver_id IS NOT NULL"
        " AND first_approver_id != second_approver_id AND effective_at IS NOT NULL))",
        "What can loosen control is approved by two different people, with a date.",
    )
    _two_people_back = models.Constraint(
        "CHECK (controlled IS NOT TRUE OR state != 'rolled_back'"
        " OR COALESCE(rolled_back_by_id, 0) = 1"
        " OR (roll_back_asked_by_id IS NOT NULL AND rolled_back_by_id IS NOT NULL"
        " AND roll_back_asked_by_id != rolled_back_by_id))",
        "What can loosen control is taken back by two different people.",
    )

    @api.depends("line_ids.operation", "line_ids.old_values", "line_ids.new_values")
    def _compute_controlled(self):
        for change in self:
            change.controlled = any(line._is_controlled() for line in change.line_ids)

    @api.depends("state", "controlled", "first_approver_id", "roll_back_asked_by_id")
    @api.depends_context("uid")
    def _compute_waiting(self):
        finance = type(self)._check_finance.allows(self.env.user)
        for change in self:
            first, asked = change.first_approver_id, change.roll_back_asked_by_id
            open_ = change.controlled and change.state == "checked"
            in_force = change.controlled and change.state == "active"
            change.may_approve = open_ and finance and first != self.env.user
            change.may_roll_back = in_force and finance and asked != self.env.user
            change.waits_for = change._waits_for(open_, in_force, first, asked)

    def _waits_for(self, open_, in_force, first, asked):
        if open_ and first:
            return self.env._(
                "Approved by %s. It waits for a second person of Finance.", first.sudo().name
            )
        if open_:
            return self.env._("It waits for two people of Finance.")
        if in_force and asked:
            return self.env._(
                "%s asks to roll it back. That waits for a second person of Finance.",
                asked.sudo().name,
            )
        if self.controlled and self.state == "draft":
            return self.env._("Once it is checked, two people of Finance approve it.")
        return False

    # -------------------------------------------------------------- approve
    @guard("approve", FINANCE, but=(INTEGRATION_MANAGER,))
    def _check_finance(self):
        return self.env._(
            "What can loosen control is decided by two people of Finance; Integration Managers "
            "cannot approve it."
        )

    def action_check(self):
        result = super().action_check()
        self.filtered("controlled").sudo()._tell_finance()
        return result

    def action_activate(self):
        for change in self:
            if change.controlled and not self.env.su:
                raise UserError(
                    self.env._(
                        "%s can loosen control: two people of Finance put it in force with "
                        "“Approve”.",
                        change.name,
                    )
                )
        return super().action_activate()

    def action_approve(self):
        """The first person's approval is noted, the second one's puts it in force at its date.

        :raises AccessError: the user is not of Finance, or manages integrations
        :raises UserError: approved by the same person, without a date, or edited in between
        """
        self._check_finance()
        for change in self._of_state("checked"):
            change.sudo()._approve(self.env.user)
        return True

    def _approve(self, user):
        self.ensure_one()
        if not self.controlled:
            raise UserError(self.env._("%s needs no approval: activate it.", self.name))
        if not self.effective_at:
            raise UserError(self.env._("Say from when %s is to hold: “In force from”.", self.name))
        if not self.first_approver_id:
            self.write(
                {
                    "first_approver_id": user.id,
                    "first_approved_at": fields.Datetime.now(),
                    "approved_digest": self._digest(),
                }
            )
            self._record_decision("change_approved")
            self._tell_finance()
            return
        if self.first_approver_id == user:
            raise UserError(
                self.env._(
                    "You approved %s already: a second person of Finance approves it.", self.name
                )
            )
        if self.approved_digest != self._digest():
            raise UserError(
                self.env._("%s was edited after its first approval: send it back.", self.name)
            )
        self.write({"second_approver_id": user.id, "second_approved_at": fields.Datetime.now()})
        self._record_decision("change_approved")
        self._activate_at_its_date(user)

    def _digest(self):
        """SHA-256 of what is approved: its lines and its date."""
        self.env.flush_all()
        lines = self.line_ids.sorted(lambda line: (line.sequence, line.id))
        text = json.dumps(
            [
                str(self.effective_at),
                *([r.operation, r.res_model, r.res_id, r.old_values, r.new_values] for r in lines),
            ],
            sort_keys=True,
        )
        return hashlib.sha256(text.encode()).hexdigest()

    def _record_decision(self, action):
        self.env["construction.audit"]._record(
            self, action, {"reason": self.reason, "effective_at": str(self.effective_at)}
        )

    def _tell_finance(self):
        """Those who may decide now, unless they are many."""
        finance = self.env.ref(FINANCE).all_user_ids.filtered(
            lambda user: user.active and type(self)._check_finance.allows(user)
        )
        for change in self:
            people = (finance - change.first_approver_id).filtered(
                lambda user, change=change: change.company_id <= user.company_ids
            )
            told = people.partner_id if len(people) <= MOST_TOLD else people.partner_id.browse()
            change.message_post(body=change.waits_for, partner_ids=told.ids)

    def _rights_of(self, user):
        """What Finance approved is written with the rights of who checked it: approving is no
        right to write."""
        return self.checked_by_id if self.controlled and self.checked_by_id else user

    def _lines_as_of(self):
        """What controls money holds as it stands, whichever version somebody replays under:
        an earlier one may be looser."""
        lines = super()._lines_as_of()
        controlled = lines.filtered(lambda line: line._is_controlled())
        records = {(line.res_model, line.res_id) for line in controlled}
        return (lines - controlled).filtered(lambda line: not line._belongs_to(records))

    # ------------------------------------------------------------ take back
    def action_draft(self):
        """Back to a draft. What Finance approved is sent back by Finance alone."""
        approved = self.filtered("first_approver_id")
        if approved:
            approved._check_finance()
            for change in approved._of_state("checked", "scheduled").sudo():
                change._record_decision("change_sent_back")
                change._to_draft()
        others = self - approved
        return super(ConstructionChangeControl, others).action_draft() if others else True

    def _to_draft(self):
        self.write(
            {
                "first_approver_id": False,
                "first_approved_at": False,
                "second_approver_id": False,
                "second_approved_at": False,
                "approved_digest": False,
            }
        )
        return super()._to_draft()

    def action_roll_back(self):
        """Of a controlled set the first person asks and the second one rolls back."""
        controlled = self.filtered("controlled") if not self.env.su else self.browse()
        if not controlled:
            return super().action_roll_back()
        if self - controlled:
            raise UserError(
                self.env._("Roll back what Finance decides and what it does not one by one.")
            )
        controlled._check_finance()
        for change in controlled._of_state("active").sorted("number", reverse=True):
            asked = change.roll_back_asked_by_id
            if asked == self.env.user:
                raise UserError(
                    self.env._(
                        "You asked to roll back %s already: a second person of Finance does it.",
                        change.name,
                    )
                )
            if asked:
                change.sudo()._roll_back(self.env.user)
            else:
                change.sudo().roll_back_asked_by_id = self.env.user
                change.sudo()._record_decision("change_roll_back_asked")
                change.sudo().message_post(body=change.waits_for)
        return True

    # -------------------------------------------------------------- propose
    @api.model
    def _propose_by_finance(self, record, values, vals):
        """A controlled change that a person of Finance proposes: checked at once, and approved
        by that person.

        :param vals: name, reason and effective_at of the set
        :raises UserError: it is none that Finance decides
        """
        self._check_finance()
        change = self.sudo().create(vals | {"owner_id": self.env.uid})
        change.env["construction.change.line"]._propose(change, record, values)
        if not change.controlled:
            raise UserError(
                self.env._("An Integration Manager proposes this: it needs no second person.")
            )
        change._check_lines(self.env.user)
        change._approve(self.env.user)
        return change.with_env(self.env)

    # ---------------------------------------------------------------- guard
    def _refuse_on_the_spot(self, records):
        """An edit on the spot that only two people of Finance may make.

        :raises UserError: it is one
        """
        if self.controlled and not records.env.su:
            raise UserError(
                self.env._(
                    "%s: this can loosen control and takes two people of Finance. Use “Propose a "
                    "change”; what holds now holds until both have approved.",
                    records._description,
                )
            )

    def write(self, vals):
        fixed = {"name", "reason", "owner_id", "effective_at", "line_ids"} & vals.keys()
        if fixed and not self.env.su and any(change.first_approver_id for change in self):
            raise UserError(
                self.env._("Approved as it stands: send it back to a draft to edit it.")
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_unapproved(self):
        if any(change.first_approver_id for change in self):
            raise UserError(self.env._("What Finance approved stays on record."))
