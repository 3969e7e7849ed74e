from odoo import api, fields, models


class ConstructionIntercompanyAgreement(models.Model):
    """What two companies agreed on for cost that the one bears on jobs of the other: the
    currency, and per category of cost at cost or at which transfer price. Without one nothing
    is charged."""

    _name = "construction.intercompany.agreement"
    _description = "Intercompany Agreement"
    _order = "company_id, job_company_id"
    _check_company_auto = True

    company_id = fields.Many2one(
        "res.company",
        string="Performing company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Bears the cost and charges it.",
    )
    job_company_id = fields.Many2one(
        "res.company", string="Company of the jobs", required=True, index=True
    )
    currency_id = fields.Many2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
        help="What is due between the two stands in it; each books it at its own rate.",
    )
    rate_ids = fields.One2many("construction.intercompany.rate", "agreement_id", copy=True)

    _pair_unique = models.Constraint(
        "UNIQUE (company_id, job_company_id)", "These two companies have their agreement already."
    )
    _two_companies = models.Constraint(
        "CHECK (company_id <> job_company_id)", "An agreement is between two companies."
    )

    @api.depends("company_id", "job_company_id")
    def _compute_display_name(self):
        for agreement in self:
            agreement.display_name = (
                f"{agreement.company_id.name} → {agreement.job_company_id.name}"
            )

    @api.model
    def _of(self, company, job_company):
        """The agreement of a pair, or an empty record."""
        return self.sudo().search(
            [("company_id", "=", company.id), ("job_company_id", "=", job_company.id)]
        )

    def _rate_on(self, category, day):
        """The rate in force for a category: its own before that of all the others, the latest
        before older ones; empty where none holds."""
        rates = self.rate_ids.filtered(
            lambda rate: rate.date_from <= day and rate.category in (category, False)
        )
        return rates.sorted(lambda rate: (bool(rate.category), rate.date_from))[-1:]

    @api.model_create_multi
    def create(self, vals_list):
        agreements = super().create(vals_list)
        agreements._announce()
        return agreements

    def write(self, vals):
        result = super().write(vals)
        self._announce()
        return result

    def _announce(self):
        """Events that missed the agreement, or a rate of it, may go on."""
        self.env["construction.resolver"].sudo()._available(
            [
                ("intercompany", f"{agreement.company_id.id}|{agreement.job_company_id.id}")
                for agreement in self
            ]
        )
