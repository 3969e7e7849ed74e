from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.construction_lock_change import KINDS


class ConstructionLockExempt(models.TransientModel):
    """Allows somebody to book behind a lock date of Odoo for a while. The months of job cost
    know no exception: those are reopened by two people."""

    _name = "construction.lock.exempt"
    _description = "Exception from a Lock Date"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company", required=True, default=lambda self: self.env.company
    )
    kind = fields.Selection(
        [row for row in KINDS if row[0] != "hard_lock_date"],
        string="Lock",
        required=True,
        default="fiscalyear_lock_date",
    )
    locked_until = fields.Date(
        string="Locked for them until", help="Earlier than the lock date. Empty: not at all."
    )
    user_id = fields.Many2one("res.users", string="For", help="Empty: for everybody.")
    minutes = fields.Selection(
        [("15", "15 minutes"), ("60", "An hour"), ("1440", "A day"), ("10080", "A week")],
        string="Lasts",
        required=True,
        default="60",
    )
    reason = fields.Char(required=True)

    @api.onchange("kind")
    def _onchange_kind(self):
        self.locked_until = False

    def action_allow(self):
        """:raises AccessError: the user is not of Finance, or no administrator of accounting
        :raises UserError: nothing is locked, or the exception is none
        """
        self.ensure_one()
        self.env["construction.lock"]._check_may_set()
        self.company_id.check_access("read")
        locked = self.company_id[self.kind]
        if not locked or (self.locked_until and self.locked_until >= locked):
            raise UserError(
                self.env._("Give a date before the lock date, which is %s.", locked or "–")
            )
        self.env["account.lock_exception"].create(
            {
                "company_id": self.company_id.id,
                "user_id": self.user_id.id,
                "reason": self.reason,
                "end_datetime": fields.Datetime.add(
                    fields.Datetime.now(), minutes=int(self.minutes)
                ),
                self.kind: self.locked_until,
            }
        )
        self.env["construction.audit"].sudo()._record(
            self.company_id,
            "lock_exception",
            {
                "lock": self.kind,
                "until": str(self.locked_until or ""),
                "for": self.user_id.login or "",
                "minutes": self.minutes,
                "reason": self.reason,
            },
        )
        return {"type": "ir.actions.act_window_close"}
