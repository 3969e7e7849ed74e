from . import (
    budget_approved,
    commitment_approved,
    commitment_closed,
    commitment_voided,
    cost_code_upserted,
    cost_type_upserted,
    job_upserted,
    platform_pinged,
    vendor_upserted,
    webhook_received,
)
