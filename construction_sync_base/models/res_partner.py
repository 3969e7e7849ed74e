from odoo import api, fields, models

from ..lib import names


class ResPartner(models.Model):
    _inherit = "res.partner"

    construction_name_key = fields.Char(
        compute="_compute_construction_keys",
        store=True,
        index="btree_not_null",
        help="Normalised name; how vendors are found again whatever case, blanks and "
        "invisible marks a platform sends.",
    )
    construction_tax_key = fields.Char(
        compute="_compute_construction_keys", store=True, index="btree_not_null"
    )
    is_subcontractor = fields.Boolean()
    construction_hold_reason = fields.Char(
        string="On hold because",
        tracking=True,
        help="A vendor on hold gets no new commitment; what is ordered goes on.",
    )

    @api.depends("name", "vat", "parent_id")
    def _compute_construction_keys(self):
        for partner in self:
            own = not partner.parent_id
            partner.construction_name_key = own and names.match_key(partner.name or "") or False
            partner.construction_tax_key = own and names.tax_key(partner.vat or "") or False

    def write(self, vals):
        result = super().write(vals)
        if "active" in vals or "construction_hold_reason" in vals:
            self.env["construction.resolver"]._available(
                [("vendor_open", str(partner.id)) for partner in self | self.child_ids]
            )
        return result

    def _construction_refusal(self):
        """Why this vendor gets no new commitment, or None."""
        vendor = self.commercial_partner_id
        if not (self.active and vendor.active):
            return self.env._("Vendor %s is archived.", self.display_name)
        if vendor.construction_hold_reason:
            return self.env._(
                "Vendor %(vendor)s is on hold: %(reason)s. It gets no new commitment.",
                vendor=self.display_name,
                reason=vendor.construction_hold_reason,
            )
        return None

    def _has_payments(self):
        """The partners among these that were paid or posted against."""
        if not self:
            return self
        moves = (
            self.env["account.move"]
            .sudo()
            ._read_group(
                [
                    ("commercial_partner_id", "in", self.commercial_partner_id.ids),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("paid", "in_payment", "partial")),
                ],
                ["commercial_partner_id"],
            )
        )
        payments = (
            self.env["account.payment"]
            .sudo()
            ._read_group(
                [
                    ("partner_id", "child_of", self.commercial_partner_id.ids),
                    ("state", "not in", ("draft", "canceled", "rejected")),
                ],
                ["partner_id"],
            )
        )
        paid = {partner.id for (partner,) in moves}
        paid |= {partner.commercial_partner_id.id for (partner,) in payments}
        return self.filtered(lambda p: p.commercial_partner_id.id in paid)
