from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

DRAFT_FIELDS = frozenset({"company_id", "line_ids", "number"})


class ConstructionNumberedDraftMixin(models.AbstractModel):
    """A document of a company with a number of its own, edited and deleted as a draft only.

    A model gives `_frozen` (what a submitted document no longer changes), a `state` that
    starts as draft, and a sequence whose code is the model's name.
    """

    _name = "construction.numbered.draft.mixin"
    _description = "Numbered Document"
    _inherit = ["mail.thread", "mail.activity.mixin", "construction.release.mixin"]
    _rec_name = "number"
    _check_company_auto = True

    _frozen = DRAFT_FIELDS

    number = fields.Char(
        required=True, default=lambda self: self.env._("New"), copy=False, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")

    @api.model_create_multi
    def create(self, vals_list):
        new = self.env._("New")
        for vals in vals_list:
            if vals.get("number", new) == new:
                vals["number"] = self.env["ir.sequence"].next_by_code(self._name) or new
        return super().create(vals_list)

    def write(self, vals):
        if self._frozen & set(vals):
            self._check_editable()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self._check_editable()

    def _shown(self, amount, currency=None):
        return formatLang(self.env, float(amount), currency_obj=currency or self.currency_id)

    def _check_editable(self):
        if any(record.state != "draft" or record.release_state == "to_release" for record in self):
            raise UserError(
                self.env._(
                    "What is submitted or done is neither edited nor deleted: take it back "
                    "first, or make another one."
                )
            )
