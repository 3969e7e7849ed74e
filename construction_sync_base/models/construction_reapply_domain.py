from odoo import api, models

from ..lib.compare import Compared

LINE = ("name", "cost_code_id", "cost_type_id", "phase_id", "location_id", "segments",
        "product_id", "product_uom_id", "product_qty", "price_unit", "price_subtotal",
        "tax_ids", "tax_recoverable")  # fmt: skip
BUDGET_LINE = ("cost_code_id", "cost_type_id", "phase_id", "location_id", "segments",
               "reserve", "quantity", "uom_id", "unit_cost", "amount")  # fmt: skip
FORECAST_LINE = ("cost_code_id", "cost_type_id", "method", "amount", "units", "comment")
PROGRESS_LINE = ("cost_code_id", "cost_type_id", "measure", "percent_complete",
                 "quantity_to_date", "uom_id")  # fmt: skip

CHANGE_LINE = ("name", "cost_code_id", "cost_type_id", "phase_id", "location_id", "segments",
               "order_id", "order_line_id", "quantity_delta", "unit_cost", "cost_amount",
               "budget_amount", "revenue_amount", "markup_amount")  # fmt: skip


class ConstructionReapply(models.AbstractModel):
    """What of the documents of this addon an event decides."""

    _inherit = "construction.reapply"

    @api.model
    def _compared(self):
        return super()._compared() | {
            "project.project": Compared(
                ("name", "job_number", "job_status", "parent_job_id", "contract_type",
                 "date_start", "date", "job_email", "job_address", "job_city", "company_id")
            ),
            "res.partner": Compared(
                ("name", "vat", "email", "phone", "street", "city", "zip", "state_id",
                 "country_id", "active", "is_subcontractor", "construction_hold_reason",
                 "property_supplier_payment_term_id")
            ),
            "construction.cost.code": Compared(("code", "name", "parent_id", "uom_id", "active")),
            "construction.cost.type": Compared(("code", "name", "category", "active")),
            "construction.budget": Compared(
                ("basis", "includes_changes", "effective_on"),
                amount="amount_total",
                lines="line_ids",
                line_fields=BUDGET_LINE,
            ),
            "construction.accrual": Compared(
                ("month", "kind", "reason", "state"),
                amount="amount_total",
                lines="line_ids",
                line_fields=("purchase_line_id", "cost_code_id", "cost_type_id", "amount"),
            ),
            "construction.forecast": Compared(
                ("month", "revenue_at_completion", "completion_on", "comment"),
                lines="line_ids",
                line_ref="display_name",
                line_fields=FORECAST_LINE,
            ),
            "construction.progress": Compared(
                ("as_of", "source", "comment"),
                lines="line_ids",
                line_ref="display_name",
                line_fields=PROGRESS_LINE,
            ),
            "construction.budget.change": Compared(
                ("number", "kind", "date", "reason", "state", "source_change_order"),
                amount="amount_moved",
                lines="line_ids",
                line_fields=("cost_code_id", "cost_type_id", "phase_id", "location_id",
                             "segments", "reserve", "amount"),
            ),
            "construction.change.order": Compared(
                ("title", "stage", "state", "budget_status", "cost_status", "revenue_status",
                 "effective_on", "respond_by", "schedule_days"),
                amount="cost_amount",
                lines="line_ids",
                line_fields=CHANGE_LINE,
            ),
            "account.move": Compared(
                ("ref", "partner_id", "invoice_date", "invoice_date_due", "state",
                 "retention_amount", "retention_released_amount"),
                amount="amount_total",
                lines="invoice_line_ids",
                line_ref="display_name",
                line_fields=("name", "account_id", "quantity", "price_unit", "price_subtotal",
                             "tax_ids", "purchase_line_id"),
            ),
            "construction.receipt": Compared(
                ("number", "kind", "date"),
                amount="amount",
                lines="line_ids",
                line_ref="display_name",
                line_fields=("quantity", "rejected_quantity"),
            ),
            "purchase.order": Compared(
                ("partner_id", "project_id", "currency_id", "state", "commitment_title",
                 "payment_term_id", "retention_percent"),
                amount="amount_untaxed",
                lines="order_line",
                line_fields=LINE,
            ),
        }  # fmt: skip
