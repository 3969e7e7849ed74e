from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib.approval import Delegation


class ConstructionApprovalDelegation(models.Model):
    """Who acts in somebody's place, or that somebody is away, from a day to a day."""

    _name = "construction.approval.delegation"
    _description = "Approval Delegation"
    _inherit = ["mail.thread"]
    _check_company_auto = True
    _order = "date_from desc, id desc"
    _rec_name = "user_id"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        string="In the place of",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        tracking=True,
    )
    deputy_id = fields.Many2one(
        "res.users",
        index=True,
        tracking=True,
        domain="[('share', '=', False), ('id', '!=', user_id)]",
        help="Empty: nobody; what waits for this person escalates at once.",
    )
    away = fields.Boolean(
        string="Absent", tracking=True, help="Not there; otherwise both of them may approve."
    )
    date_from = fields.Date(
        string="From", required=True, default=fields.Date.context_today, tracking=True
    )
    date_to = fields.Date(string="Until", required=True, tracking=True)
    document_type = fields.Selection(
        selection=lambda self: self.env["construction.release.mixin"]._document_types(),
        string="Only",
        tracking=True,
    )
    reason = fields.Char(tracking=True)

    _dates = models.Constraint("CHECK (date_to >= date_from)", "It ends on or after its first day.")
    _two_people = models.Constraint(
        "CHECK (deputy_id IS NULL OR deputy_id != user_id)", "A deputy is another person."
    )
    _something = models.Constraint(
        "CHECK (away OR deputy_id IS NOT NULL)", "Name a deputy, or say that the person is absent."
    )

    @api.constrains("deputy_id", "user_id", "company_id")
    def _check_people(self):
        for row in self:
            for user in row.deputy_id | row.user_id:
                if user.share or row.company_id not in user.sudo().company_ids:
                    raise ValidationError(
                        self.env._(
                            "%(person)s is no internal user of %(company)s.",
                            person=user.name,
                            company=row.company_id.name,
                        )
                    )

    @api.model_create_multi
    def create(self, vals_list):
        rows = super().create(vals_list)
        rows._check_giver()
        self.env["construction.audit"].sudo()._record(rows, "delegated")
        return rows

    def write(self, vals):
        self._check_giver()
        result = super().write(vals)
        self._check_giver()
        self.env["construction.audit"].sudo()._record(self, "delegation_changed", vals)
        return result

    @api.ondelete(at_uninstall=False)
    def _check_unlink(self):
        self._check_giver()
        self.env["construction.audit"].sudo()._record(self, "delegation_removed")

    def _check_giver(self):
        """People give away what is their own. Finance may do it for somebody who is not
        there, but nobody takes another's authority for himself."""
        if self.env.su:
            return
        me = self.env.user
        finance = me.has_group("construction_sync_base.group_finance")
        for row in self:
            if row.user_id != me and not finance:
                raise UserError(self.env._("You name a deputy for yourself; Finance for others."))
            if row.user_id != me and row.deputy_id == me:
                raise UserError(
                    self.env._(
                        "You cannot make yourself the deputy of %s: that person or another one "
                        "of Finance does.",
                        row.user_id.name,
                    )
                )

    @api.model
    def _rows(self, companies):
        """What holds today in these companies, by company id, for `lib.approval`."""
        today = fields.Date.context_today(self)
        rows = self.sudo().search(
            [
                ("company_id", "in", companies.ids),
                ("date_from", "<=", today),
                ("date_to", ">=", today),
            ]
        )
        result = {}
        for row in rows:
            result.setdefault(row.company_id.id, []).append(
                Delegation(
                    person=row.user_id.id,
                    deputy=row.deputy_id.id or None,
                    start=row.date_from,
                    end=row.date_to,
                    document_type=row.document_type or None,
                    away=row.away,
                )
            )
        return result
