from datetime import UTC, datetime

from odoo import api, fields, models

from .construction_person import identity_of

GRANTED = ("approved", "approved_as_noted")


class ConstructionApproval(models.Model):
    """What people decided at a platform, noted beside what is decided here."""

    _inherit = "construction.approval"

    @api.model
    def _from_platform(self, pairs):
        """Note who submitted and approved at the platform.

        :param pairs: (document, item) of one batch
        """
        said = [(doc, item, each) for doc, item in pairs for each in _said(item.data)]
        if not said:
            return
        people = {
            platform: self.env["construction.person"]._of(
                platform,
                [each["person"] for _d, item, each in said if item.platform_id == platform],
            )
            for platform in {item.platform_id for _doc, item, _each in said}
        }
        known = self.sudo().search([("event_id", "in", [item.id for _doc, item in pairs])])
        seen = {(row.event_id.id, row.step, row.role, row.person_id.id) for row in known}
        values = []
        for document, item, each in said:
            person = people[item.platform_id][identity_of(each["person"])]
            key = (item.id, each["step"], each["role"], person.id)
            if key in seen:
                continue
            seen.add(key)
            values.append(
                {
                    **self._about(document),
                    "step": each["step"],
                    "role": each["role"],
                    "state": "decided",
                    "decision": each["decision"],
                    "person": person.name,
                    "person_id": person.id,
                    "decided_by_id": person.user_id.id,
                    "at": each["at"] or fields.Datetime.now(),
                    "source": "platform",
                    "reason": each["comment"],
                    "event_id": item.id,
                }
            )
        self.sudo().create(values)

    def _count_platform(self, document):
        """Steps that a mapped person answered at the platform need no second answer here;
        not where he submitted it as well, and one person answers one step."""
        given = document.approval_ids.filtered(
            lambda row: (
                row.source == "platform"
                and row.decision in GRANTED
                and row.person_id.user_id
                and not document._duty_refusal(row.person_id.user_id)
            )
        )
        latest = max(given.event_id.ids, default=0)
        given = given.filtered(lambda row: row.event_id.id == latest)
        for row in self.sorted("step"):
            answer = given.filtered(lambda each, row=row: row._principal(each.person_id.user_id))[
                :1
            ]
            if answer:
                given -= answer
                row.write(
                    {
                        "state": "decided",
                        "decision": answer.decision,
                        "person": answer.person,
                        "person_id": answer.person_id.id,
                        "decided_by_id": answer.person_id.user_id.id,
                        "at": answer.at,
                        "source": "platform",
                        "event_id": answer.event_id.id,
                        "asked_at": fields.Datetime.now(),
                    }
                )


def self_approved(data):
    """Whether everybody who approved at the platform is who submitted it there."""
    said = _said(data)
    submitters = [each["person"] for each in said if each["role"] == "submitter"]
    approvers = [each["person"] for each in said if each["decision"] in GRANTED]
    return bool(submitters and approvers) and all(
        _same(submitters[0], approver) for approver in approvers
    )


def _same(one, two):
    return any(one.get(key) and one[key] == two.get(key) for key in ("external_id", "email")) or (
        identity_of(one) == identity_of(two)
    )


def _said(data):
    """Rows (step, role, decision, person, at, comment) that the contract's `created_by`,
    `approvals[]` and its short form `approved_by` say."""
    rows = []
    if data.get("created_by"):
        rows.append(_row(0, "submitter", "submitted", data["created_by"]))
    for position, each in enumerate(data.get("approvals") or (), start=1):
        step = each.get("step")
        rows.append(
            _row(
                step if isinstance(step, int) else position,
                each.get("role") or "approver",
                each.get("decision") or "approved",
                each.get("person") or {},
                each.get("at"),
                each.get("comment"),
            )
        )
    if data.get("approved_by") and not data.get("approvals"):
        rows.append(_row(1, "approver", "approved", data["approved_by"], data.get("approved_at")))
    return [row for row in rows if any(row["person"].values())]


def _row(step, role, decision, person, at=None, comment=None):
    if not isinstance(person, dict):
        person = {"name": str(person)}
    return {
        "step": step,
        "role": role,
        "decision": decision,
        "person": person,
        "at": _instant(at),
        "comment": comment,
    }


def _instant(text):
    """A time of the contract as Odoo stores it; None where it cannot be read."""
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return at.astimezone(UTC).replace(tzinfo=None) if at and at.tzinfo else at
