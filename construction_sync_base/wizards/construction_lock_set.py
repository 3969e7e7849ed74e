from odoo import fields, models
from odoo.exceptions import UserError

from ..models.construction_lock_change import KINDS


class ConstructionLockSet(models.TransientModel):
    """Sets a lock date of Odoo, with Odoo's own checks."""

    _name = "construction.lock.set"
    _description = "Set a Lock Date"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(KINDS, string="Lock", required=True, default="fiscalyear_lock_date")
    locked_until = fields.Date(
        help="The last day that is locked. Empty: nothing is locked any more."
    )
    reason = fields.Char(required=True)

    def action_set(self):
        """:raises AccessError: the user is not of Finance, or no administrator of accounting
        :raises UserError: the date is as it was, or Odoo refuses it
        """
        self.ensure_one()
        self.env["construction.lock"]._check_may_set()
        self.company_id.check_access("read")
        if self.company_id[self.kind] == self.locked_until:
            raise UserError(self.env._("That is the lock date already: nothing would change."))
        self._apply()
        return {"type": "ir.actions.act_window_close"}

    def _apply(self):
        """Who locks the ledger need not be one who edits companies."""
        self.company_id.sudo().with_context(construction_lock_reason=self.reason).write(
            {self.kind: self.locked_until}
        )
