from dataclasses import dataclass

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

SECTIONS = [
    ("arriving", "Not arrived in the books"),
    ("accruals", "Accruals"),
    ("decisions", "Waits for somebody"),
    ("figures", "Figures"),
    ("locks", "Locks"),
]
ROOM = 100  # checks that a period has room for: an id is the period's times this, plus a number


@dataclass(frozen=True)
class Check:
    """One line of the checklist.

    The documents behind it are one query, from which the line counts and sums and its button
    opens the list, so that both are always the same.

    :param label: what is looked for
    :param section: of `SECTIONS`
    :param who: who has to act
    :param model: of the documents
    :param rows: SQL giving (id of a document, cost it keeps out of the books) for period `p`,
        with `p.company_id`, `p.month` (first day) and `p.last_day`; None where another addon
        looks after it
    :param counted: whether the amount is missing in the books, and adds to the total
    :param elsewhere: SQL giving (id, amount): of these rows, at most so much stands in another
        counted line already
    :param applies: SQL condition on `p`; where it is false the line is not applicable
    :param note: why it is not applicable
    :param action: window action that shows the documents; default a plain list
    :param context: of that action
    """

    label: str
    section: str
    who: str
    model: str = ""
    rows: SQL | None = None
    counted: bool = False
    elsewhere: SQL | None = None
    applies: SQL | None = None
    note: str = ""
    action: str = ""
    context: str = "{}"


class ConstructionPeriodCheck(models.Model):
    """The month-end checklist: per company and month what is not in the books yet, with its
    amount, who has to act, and one click to the documents.

    It is computed when it is looked at, all periods in one statement. An addon adds lines, or
    takes over those that wait for it, by extending `_checks`.
    """

    _name = "construction.period.check"
    _description = "Month-End Checklist"
    _check_company_auto = True
    _auto = False
    _order = "period_id desc, number"
    _rec_name = "key"

    period_id = fields.Many2one("construction.period", string="Month", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(string="First day", readonly=True)
    job_cost_state = fields.Selection(
        selection=lambda self: self.env["construction.period"]._fields["job_cost_state"].selection,
        string="State of the month",
        readonly=True,
    )
    key = fields.Char(readonly=True)
    number = fields.Integer(readonly=True)
    section = fields.Selection(SECTIONS, readonly=True)
    state = fields.Selection(
        [("open", "Open"), ("done", "Done"), ("none", "Not applicable")], readonly=True
    )
    documents = fields.Integer(readonly=True)
    amount = fields.Monetary(
        string="Not in the books",
        readonly=True,
        aggregator=None,
        help="Cost that the month does not show yet.",
    )
    counted_amount = fields.Monetary(
        string="Counted once",
        readonly=True,
        help="The same, without what stands in another line already: this adds up.",
    )
    name = fields.Char(string="What", compute="_compute_words")
    who = fields.Char(string="Who must act", compute="_compute_words")
    may_open = fields.Boolean(compute="_compute_words")

    @api.model
    def _checks(self):
        """{key: Check} in the order of the list; an addon adds to what super returns."""
        return {}

    @api.depends("key")
    def _compute_words(self):
        checks = self._checks()
        for row in self:
            check = checks.get(row.key)
            row.name = check and check.label
            told = {"open": check.who, "none": check.note} if check else {}
            row.who = told.get(row.state, False)
            row.may_open = bool(
                check and row.documents and self.env[check.model].has_access("read")
            )

    @property
    def _table_query(self):
        return SQL(" UNION ALL ").join(
            self._check_query(number, key, check)
            for number, (key, check) in enumerate(self._in_order(), start=1)
        )

    def _in_order(self):
        """[(key, Check)] section by section, in each as it was added."""
        sections = [section for section, _label in SECTIONS]
        return sorted(self._checks().items(), key=lambda row: sections.index(row[1].section))

    def _check_query(self, number, key, check):
        """The line of every period. A check that does not apply costs nothing."""
        applies = check.applies or SQL("TRUE")
        nothing = SQL("SELECT NULL::int AS id, 0::numeric AS amount WHERE FALSE")
        rows = check.rows or nothing
        state = SQL(
            "CASE WHEN NOT (%s) THEN 'none' WHEN x.documents > 0 THEN 'open' ELSE 'done' END",
            applies if check.rows else SQL("FALSE"),
        )
        return SQL(
            """
            SELECT p.id * %(room)s + %(number)s AS id, p.id AS period_id, p.company_id, p.month,
                   p.job_cost_state, %(key)s::varchar AS key, %(number)s AS number,
                   %(section)s::varchar AS section, (%(state)s)::varchar AS state,
                   x.documents, x.amount,
                   x.counted AS counted_amount
              FROM (%(periods)s) p
             CROSS JOIN LATERAL (
                   SELECT count(*)::int AS documents, COALESCE(SUM(r.amount), 0) AS amount,
                          COALESCE(SUM(r.amount - CASE WHEN o.id IS NULL THEN 0
                              ELSE LEAST(r.amount, GREATEST(o.amount, 0)) END)
                              FILTER (WHERE %(counted)s), 0) AS counted
                     FROM (%(rows)s) r (id, amount)
                     LEFT JOIN (%(elsewhere)s) o (id, amount) ON o.id = r.id
                    WHERE %(applies)s) x
            """,
            room=ROOM,
            number=number,
            key=key,
            section=check.section,
            state=state,
            counted=check.counted,
            elsewhere=check.elsewhere or nothing,
            periods=self._periods_query(),
            rows=rows,
            applies=applies,
        )

    def _periods_query(self):
        return SQL(
            """SELECT q.id, q.company_id, q.month, q.job_cost_state,
                      (q.month + interval '1 month' - interval '1 day')::date AS last_day
                 FROM construction_period q"""
        )

    def _document_ids(self):
        """Ids of the documents behind one line."""
        self.ensure_one()
        rows = self.env.execute_query(
            SQL(
                "SELECT r.id FROM (%s) p CROSS JOIN LATERAL (%s) r (id, amount) WHERE p.id = %s",
                self._periods_query(),
                self._checks()[self.key].rows,
                self.period_id.id,
            )
        )
        return [row[0] for row in rows]

    def action_open_documents(self):
        """The documents that this line counts."""
        self.ensure_one()
        self.check_access("read")
        check = self._checks()[self.key]
        if not check.rows:
            raise UserError(self.env._("%(what)s: %(note)s.", what=check.label, note=check.note))
        self.env[check.model].check_access("read")
        action = {
            "type": "ir.actions.act_window",
            "res_model": check.model,
            "views": [[False, "list"], [False, "form"]],
        }
        if check.action:
            action = self.env["ir.actions.act_window"]._for_xml_id(check.action)
        name = f"{check.label}, {self.period_id.display_name}"
        return action | {
            "name": name,
            "display_name": name,
            "domain": self._documents_domain(check),
            "context": check.context,
        }

    def _documents_domain(self, check):
        """What the list shows; where ids do not last, by what they stand for."""
        ids = self._document_ids()
        if check.model == "construction.clearing":
            return [("company_id", "=", self.company_id.id), ("account_id", "in", ids)]
        if check.model == "construction.job.ledger":
            return [("month", "=", self.month), ("job_id", "in", ids)]
        if check.model == "construction.intercompany.tie":
            ours = ["|", ("company_id", "=", self.company_id.id),
                    ("job_company_id", "=", self.company_id.id)]  # fmt: skip
            return [("month", "=", self.month), ("difference", "!=", 0), *ours]
        return [("id", "in", ids)]
