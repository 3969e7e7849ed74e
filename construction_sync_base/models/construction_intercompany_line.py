from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..lib import intercompany, money

CODING = ("job_id", "cost_code_id", "cost_type_id")


class ConstructionIntercompanyLine(models.Model):
    """Cost on one coding of the other company's job: what it cost here, and what is charged."""

    _name = "construction.intercompany.line"
    _description = "Intercompany Cost Line"
    _order = "intercompany_id, id"
    _check_company_auto = True

    intercompany_id = fields.Many2one(
        "construction.intercompany", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        "res.company",
        related="intercompany_id.company_id",
        store=True,
        index=True,
        precompute=True,
    )
    job_company_id = fields.Many2one(
        "res.company", related="intercompany_id.job_company_id", store=True, precompute=True
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Currency of the performing company"
    )
    currency_id = fields.Many2one(related="intercompany_id.currency_id")
    reverses_line_id = fields.Many2one(
        "construction.intercompany.line", readonly=True, copy=False, index="btree_not_null"
    )
    name = fields.Char(string="Description")
    job_id = fields.Many2one(
        "project.project",
        required=True,
        index=True,
        domain="[('is_job', '=', True), ('company_id', '=', job_company_id)]",
    )
    cost_code_id = fields.Many2one(
        "construction.cost.code",
        required=True,
        domain="[('company_id', 'in', (False, job_company_id)), ('job_id', 'in', (False, job_id))]",
    )
    cost_type_id = fields.Many2one(
        "construction.cost.type",
        required=True,
        domain="[('company_id', 'in', (False, job_company_id))]",
    )
    quantity = fields.Float(digits="Product Unit", help="For transfer prices per unit.")
    cost_amount = fields.Monetary(
        string="Cost",
        required=True,
        currency_field="company_currency_id",
        help="What it cost the performing company, in its own currency.",
    )
    cost_due = fields.Monetary(
        string="Cost in the agreement's currency", compute="_compute_amounts", store=True
    )
    amount = fields.Monetary(
        string="Charged", compute="_compute_amounts", store=True, help="What the job bears."
    )
    profit_amount = fields.Monetary(
        string="Profit",
        compute="_compute_amounts",
        store=True,
        help="Charged over cost: to be eliminated where both companies are consolidated.",
    )

    _adds_up = models.Constraint(
        "CHECK (ROUND((amount - cost_due - profit_amount)::numeric, 6) = 0)",
        "What is charged is cost and profit.",
    )

    @api.depends(
        "cost_amount",
        "quantity",
        "cost_type_id",
        "reverses_line_id",
        "intercompany_id.date",
        "intercompany_id.agreement_id",
    )
    def _compute_amounts(self):
        for line in self:
            if line.reverses_line_id:
                old = line.reverses_line_id
                line.cost_due, line.amount = -old.cost_due, -old.amount
                line.profit_amount = -old.profit_amount
                continue
            rate = line._rate()
            cost = line._cost_in_agreement() if rate else 0
            due = intercompany.charge(
                rate.basis,
                cost,
                money.from_float(line.quantity, money.QUANTITY_DECIMALS),
                money.from_float(
                    rate.unit_price if rate.basis == "unit" else rate.percent,
                    money.PRICE_DECIMALS,
                ),
                line.currency_id.decimal_places,
            ) if rate else 0  # fmt: skip
            line.cost_due, line.amount = float(cost), float(due)
            line.profit_amount = float(due - cost)

    def _rate(self):
        """What the agreement says about this line, or an empty record."""
        header = self.intercompany_id
        day = header.date or fields.Date.context_today(self)
        return header.sudo().agreement_id._rate_on(self.cost_type_id.sudo().category, day)

    def _cost_in_agreement(self):
        header = self.intercompany_id
        cost = header.company_id.currency_id._convert(
            self.cost_amount,
            header.currency_id,
            header.company_id,
            header.date or fields.Date.context_today(self),
        )
        return money.from_float(cost, header.currency_id.decimal_places)

    def _distribution(self):
        return self.env["construction.coding"]._distribution(*(self[name] for name in CODING))

    def _told(self):
        return " ".join(
            (self.job_id.sudo().job_number or "", self.cost_code_id.code or "",
             self.cost_type_id.name or "")
        )  # fmt: skip

    @api.constrains("job_id", "intercompany_id")
    def _check_job_company(self):
        for line in self:
            job = line.job_id.sudo()
            if not job.is_job or job.company_id != line.intercompany_id.job_company_id:
                raise ValidationError(
                    self.env._(
                        "%(job)s is no job of %(company)s.",
                        job=job.display_name,
                        company=line.intercompany_id.job_company_id.name,
                    )
                )

    # ---------------------------------------------------------------- guard
    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._refuse_frozen()
        return lines

    def write(self, vals):
        self._refuse_frozen()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_of_drafts(self):
        self._refuse_frozen()

    def _refuse_frozen(self):
        if self.intercompany_id.reversal_of_id and not self.intercompany_id._is_at_the_gate():
            raise UserError(self.env._("A reversal takes back what was posted, line by line."))
        self.intercompany_id._check_editable()
