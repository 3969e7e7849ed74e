from odoo import api, models
from odoo.exceptions import UserError, ValidationError

from .construction_change_order import EDITABLE

# moved by the buttons and the events
KEPT = {
    "state",
    "budget_status",
    "cost_status",
    "revenue_status",
    "budget_problem",
    "cost_problem",
    "revenue_problem",
    "decided_on",
    "from_platform",
    "platform_claims",
    "platform_id",
    "platform_ref",
    "stuck_sides",
}
FROZEN = {"job_id", "currency_id", "date", "line_ids", "budget_reason"}


class ConstructionChangeOrder(models.Model):
    """Who writes what of a change order, on every path."""

    _inherit = "construction.change.order"

    def _after_line_change(self):
        if not self._is_opened():
            self._check_editable()
            self._follow_lines()

    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_opened():
            for vals in vals_list:
                self._refuse_kept(
                    {name for name in KEPT & vals.keys() if vals[name] not in (False, "none")},
                    draft=vals.get("state") == "draft",
                )
        self._give_numbers(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        if not self._is_opened():
            self._refuse_kept(KEPT & vals.keys())
            if FROZEN & vals.keys():
                self._check_editable()
        return super().write(vals)

    def _refuse_kept(self, names, draft=False):
        names -= {"state"} if draft else set()
        if names:
            raise UserError(
                self.env._(
                    "“%s” of a change order is moved by its buttons, not typed.",
                    self._fields[min(names)]._description_string(self.env),
                )
            )

    def _check_editable(self):
        """What somebody decides about, or decided, stays as it was submitted."""
        for change in self:
            if change.state not in EDITABLE or change.release_state == "to_release":
                raise UserError(
                    self.env._(
                        "%s was submitted: take it back to change it, or make another change "
                        "order for what is new.",
                        change.display_name,
                    )
                )

    def _give_numbers(self, vals_list):
        """The next number of its job to whom nobody gave one."""
        bare = [
            vals
            for vals in vals_list
            if vals.get("job_id") and vals.get("number") in (None, False, self.env._("New"))
        ]
        taken = {}
        for change in self.search([("job_id", "in", [vals["job_id"] for vals in bare])]):
            taken.setdefault(change.job_id.id, set()).add(change.number)
        for vals in bare:
            numbers = taken.setdefault(vals["job_id"], set())
            count = len(numbers) + 1
            while f"CO-{count:03d}" in numbers:
                count += 1
            vals["number"] = f"CO-{count:03d}"
            numbers.add(vals["number"])

    @api.model
    def _free_number(self, number, job_id):
        """The number itself, or with a suffix where the job has one of that number."""
        taken = set(self.search([("job_id", "=", job_id)]).mapped("number"))
        name, count = number, 1
        while name in taken:
            count += 1
            name = f"{number}.{count}"
        return name

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        for change in self:
            if change.state != "draft" or change.release_requested_by_id or change.from_platform:
                raise UserError(
                    self.env._(
                        "%s is not a draft: void it, so that it stays to be read.",
                        change.display_name,
                    )
                )

    @api.constrains("job_id")
    def _check_job(self):
        for change in self:
            if not change.job_id.is_job:
                raise ValidationError(
                    self.env._("%s is no construction job.", change.job_id.display_name)
                )
        self.line_ids._check_commitment()
