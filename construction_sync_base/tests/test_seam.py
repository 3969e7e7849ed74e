"""The seam inside the addon: the engine names no construction and no business model."""

import re
from pathlib import Path

from odoo.tests import BaseCase, tagged

ADDON = Path(__file__).resolve().parent.parent
ENGINE_MODELS = (
    "retention",
    "legal_hold",
    "audit_seal",
    "audit_checkpoint",
    "audit_dispatch",
    "apply", "audit", "binding", "breaker", "client", "contract", "crosswalk", "delivery",
    "drain", "event",
    "file", "file_link", "gauges", "handler", "inbox", "inbox_webhook", "issue", "issue_circle",
    "metrics", "outcome", "platform", "platform_door", "platform_health", "platform_secret",
    "rate", "resolver", "secret", "sync_policy", "sync_policy_field", "token", "traffic",
    "translator",
    "outbox", "outbox_sender", "outbox_try", "outcome_told", "pointer_mixin", "subscription",
    "platform_calls", "platform_contract", "type_day", "type_usage",
    "version_guard", "platform_standing",
    "approval", "approval_delegation", "approval_effect", "approval_platform", "approval_rule",
    "person",
    "cached_mixin", "guard", "release_decision", "release_mixin", "release_policy", "right",
    "change", "change_control", "change_diff", "sync_policy_control",
    "change_line", "change_mixin", "change_trial", "reapply", "replay",
    "schema_rule",
    "inbox_poll", "issue_resource", "platform_resources", "poller", "resource",
    "field_map", "field_map_line", "resource_map",
    "resource_records", "resource_run", "resource_run_page",
    "event_upload", "upload", "upload_row", "upload_send", "upload_submitter", "upload_trial",
)  # fmt: skip
ENGINE = [
    *(ADDON / "models" / f"construction_{name}.py" for name in ENGINE_MODELS),
    *(ADDON / "controllers").glob("*.py"),
    ADDON / "handlers/platform_pinged.py",
    ADDON / "handlers/file_received.py",
    ADDON / "handlers/webhook_received.py",
    ADDON / "audit_reader.py",
    ADDON / "settings.py",
    ADDON / "lib/audit_letter.py",
    ADDON / "lib/audit_verdict.py",
    ADDON / "lib/sealing.py",
    ADDON / "lib/person.py",
    ADDON / "runner.py",
    *(
        ADDON / "lib" / f"{name}.py"
        for name in (
            "batch",
            "bucket",
            "envelope",
            "errors",
            "event_cells",
            "event_check",
            "event_columns",
            "event_rows",
            "event_template",
            "health",
            "networks",
            "ordering",
            "retry",
            "signatures",
            "webhook",
        )
    ),
    ADDON / "lib/exposition.py",
    *(
        ADDON / "lib" / f"{name}.py"
        for name in (
            "asyncapi",
            "catalogue",
            "attachment",
            "endpoints",
            "envelope_schema",
            "openapi",
            "approval",
            "problems",
            "schema_check",
        )
    ),
    ADDON / "lib/strict_json.py",
    ADDON / "lib/logs.py",
    *(ADDON / "lib" / f"{name}.py" for name in ("pages", "paths", "presence", "since", "windows")),
    ADDON / "lib/field_map.py",
    ADDON / "lib/ssrf.py",
    ADDON / "lib/standing.py",
    ADDON / "lib/vault.py",
]
# model names and fields of the domain; texts for people may speak of its things
FORBIDDEN = re.compile(
    r"""["'](?:
        (?:project|purchase|sale|stock|product|uom|account|analytic|hr)\.[a-z_.]+
      | construction\.(?:cost|budget|account|coding|job|schedule)[a-z_.]*
      | res\.(?:partner|currency)(?:\.[a-z_.]+)?
      | (?:job|order|cost_code|cost_type|budget|partner|vendor|project|commitment)_ids?
    )["']""",
    re.VERBOSE,
)
# what the platform user and the state of money at stake need of Odoo itself
ALLOWED = {"res.currency"}


@tagged("post_install", "-at_install")
class TestSeam(BaseCase):
    def test_the_engine_names_no_domain_model(self):
        found = []
        for path in ENGINE:
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                found += [
                    f"{path.relative_to(ADDON)}:{number}: {match[0]}"
                    for match in FORBIDDEN.finditer(line)
                    if match[0].strip("'\"") not in ALLOWED
                ]
        self.assertFalse(found, "\n".join(found))

    def test_every_model_file_is_on_one_side(self):
        """A new `construction_*` model of the engine belongs on the list above."""
        domain = {
            "account_map", "accrual", "accrual_line", "awaited_mixin", "breakdown_mixin",
            "budget", "budget_change",
            "budget_change_line", "budget_change_release", "budget_change_reserve",
            "budget_change_void", "budget_control", "budget_line", "budget_lock",
            "budget_release", "budget_reserve", "coded_mixin", "coding", "cost_code",
            "accrual_correction", "change_order_correction", "correction", "correction_find",
            "correction_line", "correction_mixin", "cost_transfer_correction",
            "handler_domain_correction", "receipt_correction",
            "clearing", "clearing_account", "clearing_document", "job_ledger",
            "cost_transfer", "cost_transfer_line", "cost_transfer_users", "cost_type",
            "employee", "forecast",
            "ledger_document_mixin", "release_queue",
            "forecast_line", "forecast_revenue", "handler_domain_codes",
            "intercompany", "intercompany_agreement", "intercompany_check", "intercompany_line",
            "intercompany_post", "intercompany_rate", "intercompany_tie",
            "handler_domain_jobs", "handler_domain_period",
            "handler_domain_places", "handler_partner", "handler_record", "handler_tree",
            "hold", "lock", "lock_change", "match_line", "match_policy", "supplier_invoice_plan",
            "bill_deduction", "supplier_invoice_plan_lines",
            "supplier_invoice_plan_lines_deductions",
            "job_cost", "job_cost_accrual", "job_cost_budget", "job_cost_forecast",
            "job_cost_movement", "job_cost_snapshot", "job_cost_transfer",
            "job_cost_waiting", "location", "period", "period_check", "period_checks",
            "period_checks_figures", "period_checks_once", "period_intercompany",
            "period_close", "phase",
            "receipt", "receipt_line",
            "budget_line_spread", "budget_spread", "job_cockpit", "job_cockpit_news",
            "job_cost_behind", "job_cost_earned", "job_cost_entry", "job_cost_orders",
            "progress", "progress_line", "progress_milestone",
            "budget_outbound", "change_order_outbound", "hold_outbound", "outbox_domain",
            "period_outbound", "receipt_outbound", "subscription_domain",
            "cost_key_mixin", "draft_line_mixin", "ledger_correction_mixin", "of_job_mixin",
            "numbered_draft_mixin", "placed_mixin", "schedule_plan",
            "translator_procore", "typed_budget",
            "typed_budget_change", "typed_commitment",
        }  # fmt: skip
        domain |= {
            "change_order", "change_order_apply", "change_order_budget", "change_order_effect",
            "change_order_line",
            "change_order_links", "change_order_markup", "change_order_movement",
            "change_order_release", "change_order_rules", "change_order_tickets", "field_ticket",
            "job_cost_changes", "schedule_change",
        }  # fmt: skip
        for path in (ADDON / "models").glob("construction_*.py"):
            name = path.stem.removeprefix("construction_")
            if not name.endswith("_domain"):
                self.assertIn(name, {*ENGINE_MODELS, *domain})

    def test_the_libraries_know_no_odoo(self):
        for path in (ADDON / "lib").glob("*.py"):
            text = path.read_text(encoding="utf-8")
            self.assertNotRegex(text, r"(?m)^\s*(?:import|from) odoo", path.name)

    def test_no_file_is_too_long_to_read(self):
        for path in ENGINE:
            lines = len(path.read_text(encoding="utf-8").splitlines())
            self.assertLess(lines, 400, path.name)
