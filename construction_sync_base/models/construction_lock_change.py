from odoo import fields, models
from odoo.exceptions import UserError

KINDS = [
    ("fiscalyear_lock_date", "Everything"),
    ("sale_lock_date", "Sales"),
    ("purchase_lock_date", "Purchases"),
    ("tax_lock_date", "Tax return"),
    ("hard_lock_date", "Hard lock"),
]


class ConstructionLockChange(models.Model):
    """A lock date of a company that was changed, by whom and when, whatever the path. Nobody
    edits it: the database refuses update, delete and truncate."""

    _name = "construction.lock.change"
    _description = "Change of a Lock Date"
    _check_company_auto = True
    _order = "changed_at desc, id desc"
    _rec_name = "kind"
    _log_access = False

    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )
    kind = fields.Selection(KINDS, string="Lock", required=True, readonly=True)
    before = fields.Date(readonly=True)
    after = fields.Date(readonly=True)
    reason = fields.Char(readonly=True)
    changed_by_id = fields.Many2one(
        "res.users", string="By", required=True, readonly=True, ondelete="restrict"
    )
    changed_at = fields.Datetime(string="On", required=True, readonly=True)

    _differs = models.Constraint(
        "CHECK (before IS DISTINCT FROM after)", "A change of a lock date changes it."
    )

    def init(self):
        self.env["construction.audit"]._protect(self._table)

    def write(self, vals):  # pylint: disable=method-required-super
        raise UserError(self.env._("The history of lock dates stays as it is."))
