"""The table of Procore's REST resources: paths, scope, hooks, states.

Paths and states are those of the wire formats (`platform_wire_formats.md` 1.5 and 1.8). Verbs of
a path: l list, c create, r show, u update, d delete, s sync (PATCH), p sync by POST.
Which of create, update and delete a path takes is unverified where only the path is given.
"""

from dataclasses import dataclass, field

ALL = ("create", "update", "delete")
CHANGED = ("create", "update")


@dataclass(frozen=True)
class Resource:
    """
    :param table: of the store
    :param routes: {path: verbs}
    :param scope: company or project: what has to be named
    :param hook: name by which webhooks know it; empty: nobody is told, so it is polled
    :param events: facts that its hook tells
    :param body: key of the fields in the body of a version 1 write, where there is one; unverified
    :param states: values that `status` takes
    :param where: values of the rows it is about
    :param lists: values of the rows that its lists show
    :param parent: table of what its rows are lines of
    :param deleted: `filters[include_deleted]` is understood
    :param locks: `origin_id` makes it immutable for everybody
    :param dated: field of the day; lists are by day and show today without one
    """

    table: str
    routes: dict
    scope: str = "project"
    hook: str = ""
    events: tuple = ALL
    body: str = ""
    states: tuple = ()
    where: dict = field(default_factory=dict)
    lists: dict = field(default_factory=dict)
    parent: str = ""
    deleted: bool = False
    locks: bool = False
    dated: str = ""

    def holds(self, row):
        return all(row.get(name) == value for name, value in self.where.items())


V1, V11 = "/rest/v1.0", "/rest/v1.1"
PROJECT, PROJECT11 = V1 + "/projects/{project_id}", V11 + "/projects/{project_id}"
COMPANY = V1 + "/companies/{company_id}"
V2 = "/rest/v2.0/companies/{company_id}/projects/{project_id}"

CONTRACT = ("Draft", "Out For Bid", "Out For Signature", "Approved", "Complete", "Terminated")
ORDER = (
    "Draft", "Processing", "Submitted", "Partially Received", "Received", "Approved", "Closed",
)  # fmt: skip
CHANGE = (
    "draft", "not_pricing", "pricing", "pending", "revised", "proceeding", "not_proceeding",
    "no_charge", "approved", "rejected", "void",
)  # fmt: skip
INVOICE = ("draft", "under_review", "revise_and_resubmit", "approved")
WORK, PURCHASE = {"type": "WorkOrderContract"}, {"type": "PurchaseOrderContract"}


def _lines(kind, routes, parent, hook=""):
    where = {"_kind": kind} if kind else {}
    return Resource("line_items", routes, "", hook, body="line_item", where=where, parent=parent)


def _items(kind):
    path = f"{V1}/requisitions/{{parent_id}}/{kind}s"
    return Resource(
        "requisition_items", {path: "lru"}, "", where={"_kind": kind}, parent="requisitions"
    )


RESOURCES = (
    Resource("companies", {V1 + "/companies": "lr"}, ""),
    Resource(
        "projects", {V11 + "/projects": "l", V1 + "/projects": "rus"}, "company", "Projects",
        CHANGED, "project",
    ),
    Resource(
        "vendors", {V1 + "/vendors": "lcrus"}, "company", "Company Vendors", CHANGED, "vendor",
        lists={"is_active": True},
    ),
    Resource(
        "vendors", {COMPANY + "/vendors/inactive": "lr"}, "company", lists={"is_active": False}
    ),
    Resource(
        "standard_cost_codes", {V1 + "/standard_cost_codes": "lcruds"}, "company",
        "Standard Cost Codes", body="standard_cost_code",
    ),
    Resource(
        "cost_codes", {V1 + "/cost_codes": "lcruds"}, hook="Cost Codes", body="cost_code",
        deleted=True,
    ),
    Resource(
        "line_item_types", {V1 + "/line_item_types": "lcruds"}, "company", "Line Item Types",
        body="line_item_type",
    ),
    Resource("wbs_codes", {PROJECT + "/work_breakdown_structure/wbs_codes": "lr"}),
    # the hook of sub jobs is known, their path is unverified
    Resource("sub_jobs", {V1 + "/sub_jobs": "lcru"}, hook="Sub Jobs", body="sub_job"),
    Resource("tax_codes", {V1 + "/tax_codes": "lcrus"}, "company", body="tax_code"),
    Resource(
        "commitments", {V1 + "/work_order_contracts": "lcruds"}, hook="Work Order Contracts",
        body="work_order_contract", states=(*CONTRACT, "Void"), where=WORK, deleted=True,
    ),
    Resource(
        "commitments", {V1 + "/purchase_order_contracts": "lcruds"},
        hook="Purchase Order Contracts", body="purchase_order_contract", states=ORDER,
        where=PURCHASE, deleted=True,
    ),
    Resource("commitments", {V2 + "/commitment_contracts": "lcrud"}),
    _lines(
        "WorkOrderContract", {V1 + "/work_order_contracts/{parent_id}/line_items": "lcruds"},
        "commitments", "Work Order Contract Line Items",
    ),
    _lines(
        "PurchaseOrderContract",
        {V1 + "/purchase_order_contracts/{parent_id}/line_items": "lcruds"},
        "commitments", "Purchase Order Contract Line Items",
    ),
    _lines("", {V2 + "/commitment_contracts/{parent_id}/line_items": "lcrud"}, "commitments"),
    Resource(
        "commitment_change_orders", {PROJECT + "/commitment_change_orders": "lcrud"},
        states=CHANGE,
    ),
    _lines(
        "CommitmentChangeOrder", {V2 + "/commitment_change_orders/{parent_id}/line_items": "lcrud"},
        "commitment_change_orders",
    ),
    # the older tiers; with one tier a package and a hidden order below it, which holds the lines
    Resource(
        "change_order_packages", {V1 + "/change_order_packages": "lr"},
        hook="Change Order Packages",
    ),
    Resource(
        "change_order_requests", {V1 + "/change_order_requests": "lrs"},
        hook="Change Order Requests",
    ),
    Resource(
        "potential_change_orders", {V1 + "/potential_change_orders": "lcrus"},
        hook="Potential Change Orders", body="potential_change_order", states=CHANGE,
    ),
    _lines(
        "PotentialChangeOrder", {V1 + "/potential_change_orders/{parent_id}/line_items": "lcruds"},
        "potential_change_orders", "Potential Change Order Line Items",
    ),
    Resource(
        "change_events", {V1 + "/change_events": "lcru", V11 + "/change_events": "l"},
        hook="Change Events", body="change_event",
    ),
    Resource(
        "prime_contracts", {V1 + "/prime_contracts": "lcrud", V1 + "/prime_contract": "lr"},
        hook="Prime Contracts", body="prime_contract", states=CONTRACT,
    ),
    _lines(
        "PrimeContract", {V1 + "/prime_contracts/{parent_id}/line_items": "lcruds"},
        "prime_contracts", "Prime Contract Line Items",
    ),
    Resource(
        "prime_change_orders", {PROJECT + "/prime_change_orders": "lcrud"}, states=CHANGE
    ),
    Resource(
        "budget_line_items", {V11 + "/budget_line_items": "lcrudp"}, hook="Budget Line Items",
        body="budget_line_item",
    ),
    Resource(
        "budget_changes", {PROJECT + "/budget_changes": "lcrud"}, hook="Budget Changes",
        states=("draft", "under_review", "approved", "void"),
    ),
    # read only since the move to budget changes: writes answer 405
    Resource("budget_modifications", {V1 + "/budget_modifications": "l"}),
    Resource(
        "requisitions", {V11 + "/requisitions": "lcrud"}, body="requisition", locks=True,
        states=(*INVOICE, "approved_as_noted", "pending_owner_approval"),
    ),
    _items("contract_item"),
    _items("change_order_item"),
    _items("contract_detail_item"),
    Resource(
        "billing_periods", {PROJECT + "/billing_periods": "lcr"}, states=("open", "closed")
    ),
    Resource(
        "payment_applications", {V1 + "/payment_applications": "lru"},
        hook="Payment Applications", body="payment_application", states=INVOICE, locks=True,
    ),
    Resource(
        "payment_applications", {V1 + "/prime_contracts/{parent_id}/payment_applications": "lcru"},
        "", states=INVOICE, parent="prime_contracts", locks=True,
    ),
    Resource(
        "contract_payments", {V1 + "/contract_payments": "lcrud"}, hook="Contract Payments",
        body="contract_payment", locks=True,
    ),
    Resource(
        "direct_costs", {PROJECT11 + "/direct_costs": "lcruds"}, hook="Direct Costs",
        body="direct_cost", states=("draft", "pending", "revise_and_resubmit", "approved"),
        deleted=True, locks=True,
    ),
    _lines(
        "DirectCost",
        {
            PROJECT11 + "/direct_costs/{parent_id}/line_items": "lcrud",
            PROJECT11 + "/direct_costs/line_items": "s",
        },
        "direct_costs", "Direct Cost Line Items",
    ),
    Resource(
        "timecard_entries",
        {PROJECT + "/timecard_entries": "lcrud", COMPANY + "/timecard_entries": "lr"}, "",
        "Timecard Entries", body="timecard_entry", deleted=True, dated="date",
    ),
    Resource("timesheets", {PROJECT + "/timesheets": "l"}, dated="date"),
    Resource(
        "timecard_time_types", {COMPANY + "/timecard_time_types": "l"}, "company",
        "Timecard Time Types", ("create", "delete"),
    ),
    Resource("managed_equipment", {COMPANY + "/managed_equipment": "lcru"}, "company"),
    Resource(
        "manpower_logs", {PROJECT + "/manpower_logs": "lcru"}, hook="Manpower Logs",
        body="manpower_log", dated="date",
    ),
    Resource(
        "equipment_logs", {PROJECT + "/equipment_logs": "lcru"}, hook="Equipment Logs",
        body="equipment_log", dated="date",
    ),
    Resource("rfis", {PROJECT + "/rfis": "lcru"}, hook="RFIs", body="rfi"),
    Resource(
        "submittals", {PROJECT11 + "/submittals": "lcru"}, hook="Submittals", body="submittal"
    ),
    Resource("documents", {PROJECT + "/documents": "l"}),
    # told about, but without a path of the ordinary kind
    Resource("erp_requests", {}, "company", "ERP Requests"),
)  # fmt: skip


def hook_of(table, row):
    """The resource that webhooks tell a change of the row under; None where nobody is told."""
    return next(
        (one for one in RESOURCES if one.hook and one.table == table and one.holds(row)), None
    )
