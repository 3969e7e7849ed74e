from odoo import api, fields, models
from odoo.tools import ormcache

from ..lib import matching, money

LINE_KINDS = [
    ("unit", "Priced by unit"),
    ("amount", "Lump sum"),
    ("direct", "Without an order"),
]


class ConstructionMatchPolicy(models.Model):
    """How far a bill may differ from its order, for one kind of line of a company. Without a
    row nothing may differ from an order, and a person releases what does; a cost without an
    order passes."""

    _name = "construction.match.policy"
    _description = "Bill Matching Policy"
    _inherit = ["mail.thread", "construction.cached.mixin"]
    _check_company_auto = True
    _order = "company_id, line_kind"
    _rec_name = "line_kind"

    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    line_kind = fields.Selection(LINE_KINDS, required=True, tracking=True)
    receipt_required = fields.Boolean(
        string="Receipt counts",
        tracking=True,
        help="Three-way: no more is billed than was received.",
    )
    tolerance = fields.Selection(
        [
            ("none", "None"),
            ("flat", "Amount"),
            ("percent", "Percent of the line"),
            ("percent_nte", "Percent of the line, not to exceed"),
        ],
        required=True,
        default="none",
        tracking=True,
    )
    value = fields.Float(
        string="Amount or percent",
        digits=(16, 6),
        tracking=True,
        help="Percent is of the line's own commitment amount, and counts once however many "
        "bills come.",
    )
    limit = fields.Monetary(string="Not to exceed", tracking=True)
    action = fields.Selection(
        [
            ("none", "Nothing"),
            ("warn", "Warn: a person releases it"),
            ("block", "Block: give it back"),
        ],
        string="Beyond it",
        required=True,
        default="warn",
        tracking=True,
    )

    _identity = models.Constraint(
        "UNIQUE (company_id, line_kind)", "There is a policy for this kind of line already."
    )
    _numbers = models.Constraint(
        'CHECK (value >= 0 AND COALESCE("limit", 0) >= 0'
        " AND (tolerance NOT IN ('percent', 'percent_nte') OR value <= 100))",
        "A tolerance is not negative, and a percentage at most 100.",
    )

    @api.model
    def _tolerances(self, company, rate=1):
        """{kind of line: (`lib.matching.Tolerance`, receipt counts)}.

        :param rate: units of the order's currency for one of the company's, as Decimal
        """
        rows, digits = self._rows(company.id), company.currency_id.decimal_places
        result = {kind: (matching.Tolerance(), False) for kind, _label in LINE_KINDS}
        result["direct"] = (matching.Tolerance(action="none"), False)
        for kind, tolerance, value, limit, action, receipt in rows:
            number = money.from_float(value, money.PERCENT_DECIMALS)
            if tolerance == "flat":
                number = money.round_half_up(number * rate, digits)
            cap = money.round_half_up(money.from_float(limit, digits) * rate, digits)
            result[kind] = (matching.Tolerance(tolerance, number, cap, action), receipt)
        return result

    @api.model
    @ormcache("company_id")
    def _rows(self, company_id):
        return [
            (row.line_kind, row.tolerance, row.value, row.limit, row.action, row.receipt_required)
            for row in self.sudo().search([("company_id", "=", company_id)])
        ]
