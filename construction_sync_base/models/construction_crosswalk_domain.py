from odoo import api, fields, models

# what a platform's code can stand for; the engine itself names no business model
TARGETS = (
    "uom.uom",
    "construction.cost.code",
    "construction.cost.type",
    "construction.phase",
    "construction.location",
    "account.tax",
    "account.payment.term",
    "product.product",
    "res.company",
    "res.currency",
)


class ConstructionCrosswalk(models.Model):
    """Lets people choose the record of a mapping by name instead of model and id."""

    _inherit = "construction.crosswalk"

    target = fields.Reference(
        selection="_selection_target",
        string="Record in Odoo",
        compute="_compute_target",
        readonly=False,
        help="What the platform's code stands for.",
    )

    @api.model
    def _selection_kind(self):
        return [
            ("uom", self.env._("Unit of measure")),
            ("cost_code", self.env._("Cost code")),
            ("cost_type", self.env._("Cost type")),
            ("phase", self.env._("Phase")),
            ("location", self.env._("Location")),
            ("tax_code", self.env._("Tax code")),
            ("payment_terms", self.env._("Payment terms")),
            ("product", self.env._("Product")),
            *super()._selection_kind(),
        ]

    @api.model
    def _selection_target(self):
        """The models a mapping may lead to."""
        return [(name, self.env[name]._description) for name in TARGETS if name in self.env]

    @api.depends("res_model", "res_id")
    def _compute_target(self):
        offered = dict(self._selection_target())
        for row in self:
            record = row._target_record() if row.res_model in offered else False
            row.target = f"{record._name},{record.id}" if record else False

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_target(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_target(vals))

    def _with_target(self, vals):
        """`target` as model and id; an emptied one leaves the mapping to its value."""
        if "target" not in vals:
            return vals
        vals = dict(vals)
        target = vals.pop("target")
        if target:
            model, _comma, res_id = str(target).partition(",")
            vals |= {"res_model": model, "res_id": int(res_id)}
        elif "res_model" not in vals:
            vals |= {"res_model": False, "res_id": False}
        return vals
