from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from .construction_guard import FINANCE, INTEGRATION_MANAGER, PROJECT_MANAGER, guard

CATEGORIES = [
    ("malformed", "Unreadable"),
    ("schema", "Wrong form"),
    ("unmapped_reference", "Missing mapping"),
    ("ownership_conflict", "Ownership conflict"),
    ("approval", "Approval"),
    ("budget", "Budget"),
    ("matching", "Matching"),
    ("duplicate", "Duplicate"),
    ("period_locked", "Locked period"),
    ("inactive_target", "Closed or archived"),
    ("amount", "Amount"),
    ("platform_error", "Fault at the platform"),
    ("internal", "Fault in Odoo"),
]
OPEN = ("open", "in_progress")
# hours until somebody should have looked, by severity
DUE_HOURS = {"critical": 4, "high": 24, "medium": 72, "low": 240}


class ConstructionIssue(models.Model):
    """What a person has to decide or mend so that an event can go on.

    `wait_key` names what is missing (`cost_code|03-300`); when it comes into being the
    issue resolves itself and the event resumes. An issue that does not block is a
    notice about an event that was applied.
    """

    _name = "construction.issue"
    _description = "Sync Issue"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _check_company_auto = True
    _order = "severity_rank, id desc"
    _rec_name = "message"

    event_id = fields.Many2one("construction.event", readonly=True, index=True)
    delivery_id = fields.Many2one("construction.delivery", readonly=True)
    platform_id = fields.Many2one("construction.platform", readonly=True, index=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    category = fields.Selection(CATEGORIES, required=True, readonly=True, group_expand=True)
    severity = fields.Selection(
        [("critical", "Critical"), ("high", "High"), ("medium", "Medium"), ("low", "Low")],
        required=True,
        default="medium",
        tracking=True,
    )
    severity_rank = fields.Integer(compute="_compute_severity_rank", store=True)
    state = fields.Selection(
        [
            ("open", "Open"),
            ("in_progress", "In progress"),
            ("resolved", "Resolved"),
            ("waived", "Waived"),
        ],
        required=True,
        default="open",
        tracking=True,
        readonly=True,
    )
    message = fields.Text(required=True, readonly=True)
    suggestion = fields.Text(readonly=True)
    wait_key = fields.Char(readonly=True)
    missing = fields.Char(string="What is missing", compute="_compute_missing", store=True)
    candidates = fields.Json(readonly=True, help="Records in Odoo that may be the one meant.")
    has_candidates = fields.Boolean(compute="_compute_has_candidates", store=True)
    may_be_new = fields.Boolean(default=True, readonly=True)
    blocking = fields.Boolean(default=True, readonly=True)
    amount = fields.Monetary(string="At stake", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    due_at = fields.Datetime(readonly=True)
    team_id = fields.Many2one(
        "res.groups", string="Owner team", compute="_compute_team_id", store=True, readonly=False
    )
    user_id = fields.Many2one("res.users", string="Assigned to", tracking=True)
    reason = fields.Char(readonly=True, tracking=True)
    closed_at = fields.Datetime(readonly=True)
    event_type = fields.Char(related="event_id.type", store=True)
    subject = fields.Char(related="event_id.subject", store=True)

    _one_open = models.UniqueIndex(
        "(event_id, category, COALESCE(wait_key, '')) "
        "WHERE state IN ('open', 'in_progress') AND event_id IS NOT NULL",
        "This issue is open already.",
    )
    _waiting = models.Index("(wait_key) WHERE state IN ('open', 'in_progress')")

    @api.depends("severity")
    def _compute_severity_rank(self):
        ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
        for issue in self:
            issue.severity_rank = ranks.get(issue.severity, 9)

    @api.depends("wait_key")
    def _compute_missing(self):
        for issue in self:
            kind, _bar, value = (issue.wait_key or "").partition("|")
            kind = kind.removeprefix("external:").removeprefix("origin:")
            issue.missing = f"{kind.replace('_', ' ').capitalize()} {value}" if value else False

    @api.depends("candidates")
    def _compute_has_candidates(self):
        for issue in self:
            issue.has_candidates = bool(issue.candidates)

    @api.depends("category")
    def _compute_team_id(self):
        finance = self.env.ref("construction_sync_base.group_finance", False)
        project = self.env.ref("construction_sync_base.group_project_manager", False)
        integration = self.env.ref("construction_sync_base.group_integration_manager", False)
        teams = {
            "budget": project,
            "approval": project,
            "matching": finance,
            "period_locked": finance,
            "ownership_conflict": finance,
            "amount": finance,
        }
        for issue in self:
            issue.team_id = issue.team_id or teams.get(issue.category, integration)

    @api.model
    def _open_issues(self, vals_list):
        """Open issues, or refresh the ones that are open already for the same cause.

        :param vals_list: values; `event_id`, `category`, `wait_key` identify the cause
        """
        if not vals_list:
            return self
        event_ids = [vals["event_id"] for vals in vals_list if vals.get("event_id")]
        existing = {
            (issue.event_id.id, issue.category, issue.wait_key or False): issue
            for issue in self.search([("event_id", "in", event_ids), ("state", "in", OPEN)])
        }
        fresh, seen = [], {}
        now = fields.Datetime.now()
        for vals in vals_list:
            cause = (vals.get("event_id"), vals["category"], vals.get("wait_key") or False)
            issue = existing.get(cause)
            if issue:
                refreshed = ("message", "suggestion", "amount", "currency_id", "candidates")
                issue.with_context(tracking_disable=True).write(
                    {key: vals.get(key) for key in refreshed}
                    | {key: vals.get(key, True) for key in ("blocking", "may_be_new")}
                )
            elif cause in seen and vals.get("event_id"):
                seen[cause]["message"] += "\n" + vals["message"]
            else:
                hours = DUE_HOURS[vals.get("severity", "medium")]
                vals = {"due_at": fields.Datetime.add(now, hours=hours)} | vals
                seen[cause] = vals
                fresh.append(vals)
        created = self.with_context(tracking_disable=True, mail_create_nolog=True).create(fresh)
        return created

    def write(self, vals):
        """People assign and rank issues; the actions below close them."""
        kept = {"message", "suggestion", "category", "state", "blocking", "wait_key", "reason",
                "event_id", "delivery_id", "platform_id", "company_id", "amount", "currency_id",
                "closed_at", "candidates", "may_be_new", "resource_id",
                "resource_cause"}  # fmt: skip
        if not self.env.su and kept & vals.keys():
            raise AccessError(self.env._("An issue is closed by its buttons, not edited."))
        return super().write(vals)

    @guard("resolve", INTEGRATION_MANAGER, FINANCE, PROJECT_MANAGER)
    def _check_operator(self):
        return self.env._("Your role may read issues, not close them.")

    @guard("approve", PROJECT_MANAGER, FINANCE)
    def _check_overrun(self):
        return self.env._("A Project Manager or Finance approves what exceeds the budget.")

    def action_start(self):
        self._check_operator()
        self.sudo().filtered(lambda i: i.state == "open").write(
            {"state": "in_progress", "user_id": self.env.uid}
        )
        return True

    def action_resolve(self):
        """Declare the cause gone. The event is tried again when nothing else blocks it,
        and so is every other event that waits for the same thing."""
        self._check_operator()
        issues = self.sudo().filtered(lambda i: i.state in OPEN)
        same_cause = self.sudo().search(
            [
                ("wait_key", "in", [i.wait_key for i in issues if i.wait_key]),
                ("platform_id", "in", issues.platform_id.ids),
                ("state", "in", OPEN),
            ]
        )
        (issues | same_cause)._close("resolved")
        return True

    def action_waive_dialog(self):
        return self.env["construction.reason"]._ask(self, "waive")

    def action_waive(self, reason):
        """Close without mending: the event does not resume because of it.

        A blocking issue is waived by discarding its event; this one stays parked.
        """
        self._check_operator()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why this issue is waived."))
        issues = self.sudo().filtered(lambda i: i.state in OPEN)
        issues.write({"state": "waived", "reason": reason, "closed_at": fields.Datetime.now()})
        self.env["construction.audit"]._record(issues, "issue_waived", {"reason": reason})
        return True

    def _close(self, state, reason=False):
        """Close and resume what nothing else blocks."""
        issues = self.filtered(lambda i: i.state in OPEN)
        if not issues:
            return
        issues.with_context(tracking_disable=True).write(
            {"state": state, "reason": reason, "closed_at": fields.Datetime.now()}
        )
        self.env.flush_all()
        self.env["construction.audit"]._record(issues, f"issue_{state}")
        self.env["construction.drain"].sudo()._resume_events(issues.event_id.ids)

    def action_open_event(self):
        self.ensure_one()
        return self.event_id._get_records_action(context={})

    def action_open_documents(self):
        """What the event was applied to."""
        self.ensure_one()
        return self.event_id.action_open_documents()

    def action_map_dialog(self):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Map and resume"),
            "res_model": "construction.issue.map",
            "view_mode": "form",
            "target": "new",
            "context": {"default_issue_id": self.id},
        }

    def action_choose_dialog(self):
        """Choose which of the records in Odoo is meant, or that it is a new one."""
        self.ensure_one()
        self._check_operator()
        wizard = self.env["construction.issue.choose"]._for_issue(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Which one is it?"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_approve_overrun_dialog(self):
        return self.env["construction.reason"]._ask(self, "approve_overrun")

    def action_approve_overrun(self, reason):
        """Let blocked events exceed their budget; the reason goes on the document.

        :raises AccessError: only a Project Manager or Finance may
        """
        self._check_overrun()
        if not (reason or "").strip():
            raise UserError(self.env._("Say why the budget may be exceeded."))
        issues = self.sudo().filtered(lambda i: i.category == "budget" and i.state in OPEN)
        issues.event_id.write({"approved_note": f"{reason} ({self.env.user.name})"})
        issues._close("resolved", reason)
        return True
