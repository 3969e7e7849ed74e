from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, file_open

from ..lib import change_order as machine

# in a context it opens what only the buttons and the events write; an object cannot come by RPC
DOOR = object()
STATUSES = [
    ("none", "Not concerned"),
    ("unpriced", "Unpriced"),
    ("submitted", "Submitted"),
    ("approved", "Approved"),
    ("executed", "Executed"),
    ("rejected", "Rejected"),
    ("void", "Void"),
]
EDITABLE = ("draft", "potential")
CLOSED = ("executed", "rejected", "void")


def _one_of(column, values):
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


class ConstructionChangeOrder(models.Model):
    """A change of a job with three sides: our budget, the subcontractors' commitments and
    the owner's contract. Each has its own status and moves by its own party; what a side
    does when it moves is in `construction_change_order_apply.py`, who decides in
    `construction_change_order_release.py`."""

    _name = "construction.change.order"
    _description = "Change Order"
    _inherit = [
        "construction.of.job.mixin",
        "mail.thread",
        "mail.activity.mixin",
        "construction.release.mixin",
    ]
    _order = "date desc, id desc"
    _rec_name = "number"
    _check_company_auto = True

    number = fields.Char(
        required=True,
        copy=False,
        index="trigram",
        tracking=True,
        default=lambda self: self.env._("New"),
    )
    title = fields.Char(required=True, tracking=True)
    currency_id = fields.Many2one(
        "res.currency", compute="_compute_currency_id", store=True, readonly=False,
        precompute=True, required=True, help="That of the contracts it changes.",
    )  # fmt: skip
    currency_rate = fields.Float(
        compute="_compute_currency_rate", store=True, digits=0, precompute=True,
        help="Units of this currency for one of the company's, on the day of the document.",
    )  # fmt: skip
    origin = fields.Selection(
        [
            ("owner", "Owner"),
            ("design", "Design"),
            ("site", "Site"),
            ("error", "Error"),
            ("allowance", "Allowance"),
            ("contingency", "Contingency"),
            ("claim", "Claim"),
            ("back_charge", "Back-charge"),
        ],
        tracking=True,
    )
    stage = fields.Selection(
        [
            ("potential", "Potential"),
            ("field_directed", "Directed in the field"),
            ("proposed", "Proposed"),
            ("final", "Final"),
        ],
        default="potential",
        required=True,
        tracking=True,
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    effective_on = fields.Date(string="Effective")
    respond_by = fields.Date(tracking=True)
    notice_on = fields.Date(
        string="Notice deadline", tracking=True, help="Until then the owner has to be told."
    )
    schedule_days = fields.Integer(help="Days that the completion moves.")
    reason = fields.Text()
    package_id = fields.Many2one(
        "construction.change.order",
        domain="[('job_id', '=', job_id), ('id', '!=', id)]",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The change order in which this one is billed.",
    )
    ball_in_court = fields.Selection(
        [
            ("us", "Us"),
            ("owner", "Owner"),
            ("subcontractor", "Subcontractor"),
            ("designer", "Designer"),
        ],
        string="Ball in court",
        default="us",
        tracking=True,
    )
    ball_partner_id = fields.Many2one(
        "res.partner", string="Person", check_company=True, help="Who of them has to act."
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        default=lambda self: self.env.user,
        domain="[('share', '=', False)]",
        check_company=True,
        tracking=True,
    )
    package_ref = fields.Char(readonly=True, copy=False)
    rfi_refs = fields.Char(string="Requests for information", readonly=True, copy=False)
    prime_contract_ref = fields.Char(
        string="Owner's contract", help="As the platform or the owner numbers it."
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("potential", "Potential"),
            ("submitted", "Submitted"),
            ("approved", "Approved"),
            ("executed", "Executed"),
            ("rejected", "Rejected"),
            ("void", "Void"),
        ],
        required=True,
        default="draft",
        copy=False,
        readonly=True,
        index=True,
        tracking=True,
        group_expand=True,
    )
    budget_status = fields.Selection(
        STATUSES, string="Budget", required=True, default="none", copy=False, readonly=True,
        tracking=True, help="Our own side: it moves with the approval.",
    )  # fmt: skip
    cost_status = fields.Selection(
        STATUSES, string="Commitment", required=True, default="none", copy=False, readonly=True,
        tracking=True, help="Moves when the subcontractor has executed the change.",
    )  # fmt: skip
    revenue_status = fields.Selection(
        STATUSES, string="Owner's contract side", required=True, default="none", copy=False,
        readonly=True, tracking=True, help="Moves when the owner has executed the change.",
    )  # fmt: skip
    budget_problem = fields.Char(readonly=True, copy=False)
    cost_problem = fields.Char(readonly=True, copy=False)
    revenue_problem = fields.Char(readonly=True, copy=False)
    stuck_sides = fields.Json(
        readonly=True, copy=False, help="Where the sides wanted to go that could not be moved."
    )
    decided_on = fields.Date(string="Closed", readonly=True, copy=False)
    from_platform = fields.Boolean(readonly=True, copy=False)
    platform_id = fields.Many2one(
        "construction.platform", readonly=True, copy=False, index="btree_not_null",
        ondelete="restrict", help="Whose sync policy decides about it.",
    )  # fmt: skip
    platform_ref = fields.Char(string="Id at the platform", readonly=True, copy=False)
    platform_claims = fields.Json(
        readonly=True, copy=False, help="What the platform says of each side."
    )
    line_ids = fields.One2many("construction.change.order.line", "change_id", copy=True)
    budget_amount = fields.Monetary(compute="_compute_amounts", store=True)
    cost_amount = fields.Monetary(string="Cost", compute="_compute_amounts", store=True)
    markup_amount = fields.Monetary(string="Markup", compute="_compute_amounts", store=True)
    revenue_amount = fields.Monetary(string="Revenue", compute="_compute_amounts", store=True)
    margin = fields.Monetary(compute="_compute_amounts", store=True, help="Revenue less cost.")
    exposure_amount = fields.Monetary(
        string="Exposure",
        compute="_compute_exposure",
        store=True,
        help="The owner's amount until the owner has executed it: in no contract sum and not "
        "billable. Without a price for the owner: the cost at risk.",
    )
    exposed = fields.Boolean(compute="_compute_exposure", store=True)
    at_risk_amount = fields.Monetary(
        string="At risk",
        compute="_compute_exposure",
        store=True,
        help="Cost whose counterpart nobody has executed: the owner's side, where there is "
        "none the commitment, else the budget.",
    )
    cost_executed_amount = fields.Monetary(
        string="Cost executed", compute="_compute_exposure", store=True
    )
    revenue_executed_amount = fields.Monetary(
        string="Revenue executed", compute="_compute_exposure", store=True
    )
    days_open = fields.Integer(compute="_compute_days_open", help="Until it was closed.")
    overdue = fields.Boolean(
        compute="_compute_overdue", search="_search_overdue", help="A deadline has passed."
    )

    _number_unique = models.Constraint(
        "UNIQUE (job_id, number)", "This job has a change order of that number already."
    )
    _state_known = models.Constraint(
        f"CHECK ({_one_of('state', machine.STATES)})", "There is no such state."
    )
    _statuses_known = models.Constraint(
        "CHECK ("
        + " AND ".join(_one_of(f"{side}_status", machine.STATUSES) for side in machine.SIDES)
        + ")",
        "There is no such status of a side.",
    )
    _not_before_approval = models.Constraint(
        f"CHECK (NOT ({_one_of('state', machine.BEFORE)})"
        " OR (budget_status <> 'executed' AND cost_status <> 'executed'))",
        "Neither budget nor commitment move before the change order is approved.",
    )
    _ended_whole = models.Constraint(
        f"CHECK (NOT ({_one_of('state', machine.ENDINGS)}) OR NOT ("
        + " OR ".join(_one_of(f"{side}_status", machine.LIVE) for side in machine.SIDES)
        + "))",
        "A rejected or void change order has no side that is left.",
    )
    _executed_whole = models.Constraint(
        "CHECK (state <> 'executed' OR NOT ("
        + " OR ".join(
            _one_of(f"{side}_status", ("unpriced", "submitted", "approved"))
            for side in machine.SIDES
        )
        + "))",
        "An executed change order has no side that waits.",
    )
    _margin = models.Constraint(
        "CHECK (margin = revenue_amount - cost_amount)", "The margin is revenue less cost."
    )
    _own_package = models.Constraint(
        "CHECK (package_id <> id)", "A change order is no part of itself."
    )

    def init(self):
        with file_open("construction_sync_base/sql/change_order.sql") as script:
            self.env.cr.execute(script.read())
        self._guard_sums(self._table)

    @api.model
    def _guard_sums(self, table):
        """Have the database check the sums whenever this table was written."""
        with file_open("construction_sync_base/sql/change_order_trigger.sql") as script:
            self.env.cr.execute(SQL(script.read(), table=SQL.identifier(table)))

    # ------------------------------------------------------------- computes
    @api.depends("number", "title")
    def _compute_display_name(self):
        for change in self:
            change.display_name = " ".join(filter(None, (change.number, change.title)))

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if operator in ("ilike", "=", "like") and isinstance(value, str):
            return Domain.OR([domain, [("title", operator, value)]])
        return domain

    @api.depends("company_id")
    def _compute_currency_id(self):
        for change in self:
            company = change.company_id or self.env.company
            change.currency_id = change.currency_id or company.currency_id

    @api.depends("currency_id", "company_id", "date")
    def _compute_currency_rate(self):
        for change in self:
            company = change.company_id or self.env.company
            change.currency_rate = self.env["res.currency"]._get_conversion_rate(
                company.currency_id, change.currency_id or company.currency_id, company,
                change.date or fields.Date.today(),
            )  # fmt: skip

    @api.depends(
        "line_ids.budget_amount",
        "line_ids.cost_amount",
        "line_ids.markup_amount",
        "line_ids.revenue_amount",
    )
    def _compute_amounts(self):
        for change in self:
            currency, lines = change.currency_id, change.line_ids
            change.budget_amount = currency.round(sum(lines.mapped("budget_amount")))
            change.cost_amount = currency.round(sum(lines.mapped("cost_amount")))
            change.markup_amount = currency.round(sum(lines.mapped("markup_amount")))
            change.revenue_amount = currency.round(sum(lines.mapped("revenue_amount")))
            change.margin = currency.round(change.revenue_amount - change.cost_amount)

    @api.depends(
        "cost_amount", "revenue_amount", "state", "budget_status", "cost_status", "revenue_status"
    )
    def _compute_exposure(self):
        for change in self:
            standing = change._standing()
            change.exposed = machine.exposed(standing)
            risk = change._unsecured_cost() if change.exposed else 0
            asked = change.exposed and standing.revenue in machine.LIVE
            change.at_risk_amount = risk
            change.exposure_amount = (asked and change.revenue_amount) or risk
            change.cost_executed_amount = standing.cost == "executed" and sum(
                change.line_ids.filtered("order_id").mapped("cost_amount")
            )
            change.revenue_executed_amount = (
                standing.revenue == "executed" and change.revenue_amount
            )

    def _unsecured_cost(self):
        """What it costs, as far as anybody has said."""
        return self.cost_amount

    @api.depends("date", "decided_on")
    def _compute_days_open(self):
        today = fields.Date.context_today(self)
        for change in self:
            start = change.date or today
            change.days_open = max(((change.decided_on or today) - start).days, 0)

    @api.depends("notice_on", "respond_by", "state", "revenue_status")
    def _compute_overdue(self):
        overdue = self.filtered_domain(self._overdue_domain())
        for change in self:
            change.overdue = change in overdue

    def _search_overdue(self, operator, value):
        if operator != "in":
            return NotImplemented
        domain = self._overdue_domain()
        return domain if True in value else ~domain

    @api.model
    def _overdue_domain(self):
        """The notice is due while the owner was not asked, the response while anything waits."""
        today = fields.Date.context_today(self)
        notice = Domain("notice_on", "<", today) & Domain(
            "revenue_status", "in", ("none", "unpriced")
        )
        return Domain("state", "not in", CLOSED) & (notice | Domain("respond_by", "<", today))

    # ---------------------------------------------------------------- states
    def _standing(self):
        """The record as the pure state machine knows it."""
        self.ensure_one()
        return machine.Standing(
            self.state or "draft",
            self.budget_status or "none",
            self.cost_status or "none",
            self.revenue_status or "none",
        )

    def _involved(self):
        """The sides that the lines touch."""
        self.ensure_one()
        touched = {
            "budget": any(line.budget_amount for line in self.line_ids),
            "cost": bool(self.line_ids.order_id),
            "revenue": any(line.revenue_amount for line in self.line_ids),
        }
        return {side for side, yes in touched.items() if yes}

    def _follow_lines(self):
        """While it is being written, a side is concerned when the lines touch it."""
        for change in self.filtered(lambda c: c.state in EDITABLE):
            involved = change._involved()
            values = {}
            for side in machine.SIDES:
                wanted = "unpriced" if side in involved else "none"
                if change[f"{side}_status"] in ("none", "unpriced"):
                    values[f"{side}_status"] = wanted
            change._opened().write(values)

    def _opened(self):
        """The same records, with the door to what is kept open."""
        return self.with_context(construction_change_order=DOOR)

    def _is_opened(self):
        return self.env.context.get("construction_change_order") is DOOR
