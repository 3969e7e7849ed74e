from odoo import api, fields, models
from odoo.exceptions import ValidationError

CATEGORIES = [
    ("labor", "Labor"),
    ("burden", "Burden"),
    ("material", "Material"),
    ("equipment", "Equipment"),
    ("subcontract", "Subcontract"),
    ("other", "Other"),
    ("overhead", "Overhead"),
]


class ConstructionCostType(models.Model):
    """What kind of cost a line is. Each type has its account in the plan “Cost Type” and
    one service product, because an Odoo order line needs one; the product is billed on
    ordered quantity at price 1, so a lump sum keeps its value in the quantity."""

    _name = "construction.cost.type"
    _inherit = "construction.coded.mixin"
    _description = "Cost Type"
    _order = "sequence, code"
    _rec_names_search = ["code", "name"]
    _code_kind = "cost_type"

    sequence = fields.Integer(default=10)
    code = fields.Char(required=True)
    name = fields.Char(required=True, translate=True)
    category = fields.Selection(CATEGORIES, required=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: shared by all companies.")
    product_id = fields.Many2one(
        "product.product", required=True, ondelete="restrict", copy=False, check_company=True
    )
    active = fields.Boolean(default=True)

    _code_unique = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))", "This cost type exists already."
    )

    @api.depends("code", "name")
    def _compute_display_name(self):
        for cost_type in self:
            cost_type.display_name = cost_type.name or cost_type.code

    def _category_label(self):
        """Its category as people read it."""
        return dict(self._fields["category"]._description_selection(self.env)).get(self.category)

    @api.constrains("product_id")
    def _check_product(self):
        for cost_type in self:
            if cost_type.product_id.is_storable:
                raise ValidationError(
                    self.env._(
                        "%(type)s: %(product)s is kept in stock and cannot stand for a cost type.",
                        type=cost_type.display_name,
                        product=cost_type.product_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before products are made for it
        named = [vals for vals in vals_list if vals.get("code") and vals.get("name")]
        without = [vals for vals in named if not vals.get("product_id")]
        if without:
            products = (
                self.env["product.product"]
                .sudo()
                .create([self._product_values(vals) for vals in without])
            )
            for vals, product in zip(without, products, strict=True):
                vals["product_id"] = product.id
        return super().create(vals_list)

    def _product_values(self, vals):
        return {
            "name": vals["name"],
            "default_code": vals["code"].upper(),
            "type": "service",
            "purchase_ok": True,
            "sale_ok": False,
            "purchase_method": "purchase",
            "list_price": 1.0,
            "standard_price": 1.0,
            "supplier_taxes_id": [fields.Command.clear()],
            "taxes_id": [fields.Command.clear()],
            "company_id": vals.get("company_id"),
        }
