"""Time cards, a machine and papers of the sample month's first project, made up."""

from .clock import instant
from .sample_orders import CURRENCY

MOMENTS = tuple(instant(f"2026-10-{day}T17:00:00Z") for day in (29, 30))


def add(month):
    _hours(month)
    _papers(month)


def _hours(month):
    """Hours of a week, in Procore's own clock: wall time that is called UTC."""
    project = next(iter(month.jobs.values()))
    code = month.code(project, "03-3000")
    kinds = {
        name: month.add("timecard_time_types", {"abbreviated_time_type": name, "time_type": text})
        for name, text in (("REG", "Regular Time"), ("OT", "Overtime"))
    }
    for day in range(26, 31):
        for name, hours in (("REG", "8.0"), ("OT", "1.5"))[: 2 if day == 28 else 1]:
            kind = kinds[name]
            month.add(
                "timecard_entries",
                {
                    "approval_status": "approved",
                    "billable": True,
                    "cost_code": {
                        "id": code["id"],
                        "full_code": code["full_code"],
                        "name": code["name"],
                        "standard_cost_code_id": code["standard_cost_code_id"],
                    },
                    "date": f"2026-10-{day}",
                    "deleted_at": None,
                    "description": "Place and finish",
                    "hours": hours,
                    "lunch_time": 60,
                    "party": None,
                    "sub_job": None,
                    "time_in": f"2026-10-{day}T08:00:00Z",
                    "time_out": f"2026-10-{day}T17:00:00Z",
                    "timecard_time_type": {
                        "id": kind["id"],
                        "abbreviated_time_type": name,
                        "company_id": 7,
                        "global": None,
                        "time_type": kind["time_type"],
                    },
                    "timesheet_status": "approved",
                },
                project,
                MOMENTS,
            )
    machine = {"name": "Own concrete pump", "status": "in_use", "ownership": "owned"}
    machine |= {"current_project_id": project["id"], "serial_number": "CP-118", "year": "2022"}
    month.add("managed_equipment", machine, moments=MOMENTS)


def _papers(month):
    project = next(iter(month.jobs.values()))
    question = {
        "full_number": "RFI-001",
        "subject": "Footing depth at grid C",
        "status": "open",
        "due_date": "2026-11-06",
        "cost_impact": {"status": "yes_unknown", "value": None},
        "schedule_impact": {"status": "tbd", "value": None},
        "cost_code": None,
        "assignees": [],
        "ball_in_courts": [],
        "responsible_contractor": None,
    }
    month.add("rfis", question, project, MOMENTS)
    paper = {
        "formatted_number": "03 20 00-1",
        "revision": "0",
        "title": "Reinforcing shop drawings",
        "status": {"id": 1, "name": "Open"},
        "type": {"id": 1, "name": "Shop Drawing"},
        "due_date": "2026-11-04",
        "specification_section": None,
        "responsible_contractor": None,
        "approvers": [],
    }
    month.add("submittals", paper, project, MOMENTS)
    event = {
        "number": 1,
        "alphanumeric_number": "001",
        "title": "Thicker footing at grid C",
        "status": "Open",
        "event_type": "Owner Change",
        "event_scope": "in_scope",
        "rfi": None,
        "change_order_change_reason": None,
        "rfqs": [],
        "change_event_line_items": [],
        "currency_configuration": CURRENCY,
    }
    month.add("change_events", event, project, MOMENTS)
