from odoo import api, fields, models
from odoo.exceptions import UserError

from .construction_coding import EDIT_SENTINEL
from .construction_guard import FINANCE, guard


class ProjectProject(models.Model):
    """The budget lock of a job: Finance closes its budget for revisions and new versions, or
    for every change, and opens it again with a reason."""

    _inherit = "project.project"

    budget_lock = fields.Selection(
        [("revisions", "Only transfers"), ("all", "No change at all")],
        string="Budget locked",
        readonly=True,
        copy=False,
        tracking=True,
        help="Empty: versions, revisions and transfers may be approved.",
    )

    def _budget_lock_refusal(self, kind):
        """Why the budget does not take this now, or None.

        :param kind: `version`, `revision` or `transfer`
        """
        job = self.sudo()
        if not job.budget_lock or (job.budget_lock == "revisions" and kind == "transfer"):
            return None
        return self.env._(
            "The budget of job %(job)s is locked (%(lock)s). Finance unlocks it, with a reason.",
            job=job.display_name,
            lock=dict(job._fields["budget_lock"]._description_selection(self.env))[
                job.budget_lock
            ].lower(),
        )

    @guard("lock", FINANCE)
    def _check_locker(self):
        return self.env._("Finance locks and unlocks budgets.")

    def action_lock_budget(self):
        """No new version and no revision any more; transfers go on."""
        return self._lock_budget("revisions")

    def action_lock_budget_all(self):
        """No version, revision or transfer any more."""
        return self._lock_budget("all")

    def _lock_budget(self, lock):
        self._check_locker()
        for job in self:
            if not job.sudo().budget_ids.filtered(lambda budget: budget.state == "approved"):
                raise UserError(
                    self.env._("%s has no approved budget to lock yet.", job.display_name)
                )
        self._set_budget_lock(lock)
        self.env["construction.audit"].sudo()._record(self, "budget_locked", {"lock": lock})
        return True

    def action_unlock_budget_dialog(self):
        return self.env["construction.reason"]._ask(self, "unlock_budget")

    def action_unlock_budget(self, reason):
        """Open the budget again; events that waited for it go on.

        :raises UserError: no reason
        """
        self._check_locker()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the budget is opened; it stays in the record."))
        self._set_budget_lock(False)
        for job in self.sudo():
            job.message_post(body=self.env._("Budget unlocked: %s", reason))
        self.env["construction.audit"].sudo()._record(self, "budget_unlocked", {"reason": reason})
        self.env["construction.resolver"]._available([("budget_open", str(job.id)) for job in self])
        return True

    def _set_budget_lock(self, lock):
        self.sudo().with_context(construction_budget_lock=EDIT_SENTINEL).budget_lock = lock

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("budget_lock") for vals in vals_list):
            raise UserError(self._lock_by_button())
        return super().create(vals_list)

    def write(self, vals):
        door = self.env.context.get("construction_budget_lock") is EDIT_SENTINEL
        if "budget_lock" in vals and not door:
            raise UserError(self._lock_by_button())
        return super().write(vals)

    def _lock_by_button(self):
        return self.env._("A budget is locked and unlocked by its buttons.")
