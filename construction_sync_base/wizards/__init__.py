from . import (
    account_accrued_orders_wizard,
    bill_to_po_wizard,
    construction_health,
    construction_audit_verify,
    construction_issue_candidate,
    construction_issue_choose,
    construction_issue_map,
    construction_metrics_key,
    construction_platform_setup,
    construction_reason,
    construction_secret_keys,
    construction_secret_show,
)
