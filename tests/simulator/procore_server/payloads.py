"""Bodies of webhooks in the three versions (wire formats 1.5)."""

import secrets

from .clock import fine_stamp

PERSON = 5447  # whoever works at the platform itself
PARENTS = {
    "WorkOrderContract": "Work Order Contracts",
    "PurchaseOrderContract": "Purchase Order Contracts",
    "PrimeContract": "Prime Contracts",
    "PotentialChangeOrder": "Potential Change Orders",
    "DirectCost": "Direct Costs",
}


def payload(version, number, now, fact, resource, row, by):
    """What a hook is told: never the record, only which one. Version 4 has text for ids, no
    metadata, and says `reason` (of which it has more words than these three).

    :param fact: create, update or delete
    :param by: `wire.Call` of the integration that did it, None for a person
    """
    ulid = "01" + secrets.token_hex(12).upper()
    # who lives at company level has no project
    project = row.get("_project") if resource.scope != "company" else None
    user = by.user if by else PERSON
    if version.startswith("v4"):
        return {
            "id": ulid,
            "timestamp": fine_stamp(now),
            "reason": fact,
            "company_id": str(row["_company"]),
            "project_id": None if project is None else str(project),
            "user_id": str(user),
            "resource_type": resource.hook,
            "resource_id": str(row["id"]),
        }
    told = {
        "id": number,
        "ulid": ulid,
        "timestamp": fine_stamp(now),
        "metadata": {
            "source_user_id": user,
            "source_project_id": project,
            "source_operation_id": None,
            "source_company_id": row["_company"],
            "source_application_id": by.app.number if by else None,
        },
        "user_id": user,
        "company_id": row["_company"],
        "project_id": project,
        "api_version": "v3.0" if version.startswith("v3") else "v2.0",
        "event_type": fact,
        "resource_name": resource.hook,
        "resource_id": row["id"],
    }
    if version.startswith("v3"):
        parent = row.get("_parent")
        name = PARENTS.get(row.get("_kind"), "")
        told["related_resources"] = [{"id": parent, "name": name}] if parent else []
    return told
