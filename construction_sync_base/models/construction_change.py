from contextlib import contextmanager

import psycopg2
from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..lib import logs

# In the context of what a change set writes itself. No client can send an object.
APPLYING = object()
# In the context of a transaction that runs under other settings than those in force: one
# that is kept, and one that is rolled back.
AS_OF, DRY = object(), object()
DRAFT = ("draft", "checked")


class Noting(int):
    """Id of the set that an edit on the spot goes to. No client can send one."""


# moved by the buttons and nothing else
KEPT = {
    "state", "number", "immediate", "activated_by_id", "activated_at", "rolled_back_at",
    "controlled", "checked_by_id", "first_approver_id", "first_approved_at",
    "second_approver_id", "second_approved_at", "approved_digest", "roll_back_asked_by_id",
    "rolled_back_by_id",
}  # fmt: skip


class ConstructionChange(models.Model):
    """A set of changes of mappings, policies and schema rules: proposed, checked, in force
    from a date on, and taken back exactly if need be.

    `number` orders what came into force; a version of the configuration is named by the
    set that made it. A set that was rolled back is part of no version.
    """

    _name = "construction.change"
    _description = "Change Set"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "id desc"

    name = fields.Char(required=True)
    owner_id = fields.Many2one("res.users", required=True, default=lambda self: self.env.user)
    company_id = fields.Many2one(
        "res.company",
        compute="_compute_company_id",
        store=True,
        help="Empty where it concerns every company.",
    )
    reason = fields.Text(tracking=True)
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("checked", "Checked"),
            ("scheduled", "Scheduled"),
            ("active", "In force"),
            ("rolled_back", "Rolled back"),
        ],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        tracking=True,
    )
    immediate = fields.Boolean(
        string="On the spot", readonly=True, copy=False, help="Edited directly, without a draft."
    )
    effective_at = fields.Datetime(
        string="In force from", copy=False, tracking=True, help="Empty: as soon as activated."
    )
    number = fields.Integer(readonly=True, copy=False, index=True)
    activated_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    activated_at = fields.Datetime(readonly=True, copy=False)
    rolled_back_at = fields.Datetime(readonly=True, copy=False)
    line_ids = fields.One2many("construction.change.line", "change_id", copy=True)
    line_count = fields.Integer(compute="_compute_line_count")

    _number_unique = models.UniqueIndex("(number) WHERE number > 0", "Two changes at one moment.")
    _in_force_is_numbered = models.Constraint(
        "CHECK (state NOT IN ('active', 'rolled_back') OR number > 0)",
        "What came into force has a number.",
    )

    @api.depends("line_ids.company_id")
    def _compute_company_id(self):
        for change in self:
            companies = change.line_ids.company_id
            change.company_id = companies if len(companies) == 1 else False

    @api.depends("line_ids")
    def _compute_line_count(self):
        for change in self:
            change.line_count = len(change.line_ids)

    # --------------------------------------------------------------- buttons
    def _check_manager(self):
        if not (self.env.su or self._is_manager()):
            raise AccessError(self.env._("Only an Integration Manager changes what is in force."))
        self.check_access("write")

    def _is_manager(self):
        return self.env.user.has_group("construction_sync_base.group_integration_manager")

    def action_check(self):
        """Try the whole set and take it back at once: what does not fit shows now.

        :raises UserError: it proposes nothing, has no reason, or does not fit
        """
        self._check_manager()
        for change in self._of_state("draft"):
            change._check_lines(self.env.user)
        return True

    def _check_lines(self, user):
        self.ensure_one()
        if not self.line_ids:
            raise UserError(self.env._("%s proposes nothing yet.", self.name))
        if not (self.reason or "").strip():
            raise UserError(self.env._("Say why: %s has no reason.", self.name))
        self._apply_lines(user)
        self.env.flush_all()
        self._undo_lines(user)
        self.sudo().write({"state": "checked", "checked_by_id": user.id})

    def action_draft(self):
        """Back to a draft, to be edited again."""
        self._check_manager()
        self._of_state("checked", "scheduled").sudo()._to_draft()
        return True

    def action_activate(self):
        """Put in force now, or schedule for the date it is to hold from.

        :raises UserError: not checked, or something was changed since the proposal
        """
        self._check_manager()
        for change in self._of_state("checked"):
            change._activate_at_its_date(self.env.user)
        return True

    def action_roll_back(self):
        """Put back what held before, exactly.

        :raises UserError: something was changed again since; names the set to take first
        """
        self._check_manager()
        for change in self._of_state("active").sorted("number", reverse=True):
            change._roll_back(self.env.user)
        return True

    def _roll_back(self, user):
        self.ensure_one()
        self._undo_lines(self._rights_of(user))
        self.sudo().write(
            {
                "state": "rolled_back",
                "rolled_back_at": fields.Datetime.now(),
                "rolled_back_by_id": user.id,
            }
        )
        self.env["construction.audit"]._record(self, "change_rolled_back")

    def _to_draft(self):
        self.write({"state": "draft", "checked_by_id": False})

    def _of_state(self, *states):
        wrong = self.filtered(lambda change: change.state not in states)
        if wrong:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(change)s is “%(state)s”; this takes one that is %(states)s.",
                    change=wrong[0].name,
                    state=labels[wrong[0].state],
                    states=" / ".join(f"“{labels[state]}”" for state in states),
                )
            )
        return self

    # ------------------------------------------------------------- in force
    def _rights_of(self, user):
        """Whose rights the lines are written with when `user` moves the set."""
        return user

    def _activate_at_its_date(self, user):
        """Now, or by the scheduler where its date is in the future."""
        if self.effective_at and self.effective_at > fields.Datetime.now():
            self.sudo().write({"state": "scheduled", "activated_by_id": user.id})
        else:
            self._activate(user)

    def _activate(self, user):
        self.ensure_one()
        self._apply_lines(self._rights_of(user))
        self.sudo().write(self._in_force(user))
        self.env["construction.audit"].with_user(user)._record(
            self, "change_activated", {"reason": self.reason}
        )

    def _in_force(self, user):
        """Values of a set that comes into force now, as the next version."""
        self.env.cr.execute("SELECT pg_advisory_xact_lock(%s)", (0x43534348,))
        self.env.flush_all()
        self.env.cr.execute("SELECT COALESCE(MAX(number), 0) + 1 FROM construction_change")
        return {
            "state": "active",
            "number": self.env.cr.fetchone()[0],
            "activated_by_id": user.id,
            "activated_at": fields.Datetime.now(),
        }

    def _apply_lines(self, user, lines=None):
        """Write the proposed values, with the rights of `user`.

        :param lines: only these of the set
        """
        lines = self.line_ids if lines is None else lines
        for line in lines.sorted(lambda line: (line.sequence, line.id)):
            line.sudo()._apply(user)

    def _undo_lines(self, user, lines=None):
        lines = self.line_ids if lines is None else lines
        for line in lines.sorted(lambda line: (line.sequence, line.id), reverse=True):
            line.sudo()._undo(user)

    def _lines_as_of(self):
        """The lines that are taken back where an earlier version is to hold."""
        return self.line_ids

    @contextmanager
    def _as_of(self):
        """Inside, what holds is what held right after this set came into force, less what
        was rolled back. Without a set, what holds now. For superuser transactions that
        nobody else sees before the end."""
        later = self.search([("state", "=", "active"), ("number", ">", self.number or 0)])
        later = later.sorted("number", reverse=True) if self else self
        for change in later:
            change._undo_lines(self.env.user, change._lines_as_of())
        self.env.flush_all()
        yield
        for change in later.sorted("number"):
            change._apply_lines(self.env.user, change._lines_as_of())
        self.env.flush_all()

    @api.model
    def _activate_due(self):
        """By the scheduler: what is to hold from now on. One that no longer fits what
        stands in the database goes back to a draft, with the reason in its history."""
        due = self.search(
            [("state", "=", "scheduled"), ("effective_at", "<=", fields.Datetime.now())],
            order="effective_at, id",
        )
        for change in due:
            try:
                with self.env.cr.savepoint():
                    change._activate(change.activated_by_id)
            except (UserError, AccessError, psycopg2.IntegrityError) as error:
                change._to_draft()
                change.message_post(
                    body=self.env._("Not put in force at its date: %s", logs.said(error)),
                    partner_ids=change.owner_id.partner_id.ids,
                )

    @api.model
    def _is_trial(self):
        """Whether this transaction runs under other settings than those in force: it reads
        them from the database and leaves the caches of the others alone."""
        return self.env.context.get("construction_trial") in (AS_OF, DRY)

    @api.model
    def _is_dry(self):
        """Whether nothing of this transaction is kept."""
        return self.env.context.get("construction_trial") is DRY

    # ------------------------------------------------------------ on the spot
    @api.model
    def _note_for(self, records):
        """The change set that an edit on the spot goes to, and the records inside it. One
        edit of a form with its lines is one set."""
        noting = self.env.context.get("construction_noting")
        if isinstance(noting, Noting):
            return self.sudo().browse(int(noting)), records
        change = (
            self.sudo()
            .with_context(tracking_disable=True, mail_create_nosubscribe=True)
            .create(
                {
                    "name": self.env._("On the spot: %s", records._description),
                    "reason": self.env.context.get("construction_reason")
                    or self.env._("Edited directly."),
                    "immediate": True,
                    "owner_id": self.env.uid,
                    **self.sudo()._in_force(self.env.user),
                }
            )
        )
        return change, records.with_context(construction_noting=Noting(change.id))

    def _note(self, records, before, names=None):
        """Keep what an edit on the spot did.

        :param before: `_values_now()` of what was there before
        :param names: {id: name} of what was deleted
        """
        after = records._values_now()
        lines = records.env["construction.change.line"].sudo()
        lines._keep(self, records, before, after, names)
        self._refuse_on_the_spot(records)
        if (
            not isinstance(records.env.context.get("construction_noting"), Noting)
            and not self.line_ids
        ):
            self.unlink()

    # ----------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(KEPT & vals.keys() for vals in vals_list):
            raise AccessError(self.env._("Change sets start as drafts; the buttons move them."))
        return super().create(vals_list)

    def write(self, vals):
        if not self.env.su and KEPT & vals.keys():
            raise AccessError(self.env._("Change sets are moved by their buttons."))
        if not self.env.su and {"effective_at", "line_ids"} & vals.keys():
            self._of_state("draft", "checked")
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        if any(change.state not in DRAFT and change.line_ids for change in self):
            raise UserError(self.env._("What was in force stays on record: roll it back instead."))
