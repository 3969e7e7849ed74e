"""The sample month: valid by the published schemas, ties to the cent, the same for one seed.

Sums are computed a second time here, in whole cents by integer arithmetic, so that a mistake of
the generator's decimals can't confirm itself.
"""

import json
from collections import Counter, defaultdict
from fractions import Fraction

import pytest

from tests.pure.construction_sync_base.published_schemas import TYPES, validator_of
from tests.simulator.plan import CALM, Disturbance, make_plan
from tests.simulator.sample_month import sample_month

SEEDS = [19, 1, 2, 7, 2026]
#: what its last week tells of the orders
COSTS = {
    f"construction.{name}.v1"
    for name in (
        "requisition.approved",
        "receipt.recorded",
        "supplier_invoice.received",
        "direct_cost.approved",
        "change_order.submitted",
        "change_order.approved",
        "change_order.executed",
        "change_order.rejected",
        "field_ticket.signed",
        "budget_change.approved",
        "forecast.approved",
        "progress.reported",
        "accrual.proposed",
    )
}
SHIPPED_UNITS = set(
    [
        "ls",
        "ea",
        "hr",
        "day",
        "wk",
        "mo",
        "cy",
        "sy",
        "lf",
        "sf",
        "ton",
        "gal",
        "m",
        "m2",
        "m3",
        "kg",
        "l",
    ]
)


@pytest.fixture(params=SEEDS, ids=lambda seed: f"seed{seed}")
def events(request):
    return sample_month(request.param)


def data_of(events, fact):
    return [event["data"] for event in events if event["type"] == f"construction.{fact}.v1"]


def in_cents(text):
    """Whole cents of an amount as text; refuses more than two decimals."""
    whole, _dot, fraction = text.partition(".")
    assert len(fraction) <= 2, text
    value = int(whole.lstrip("-")) * 100 + int(fraction.ljust(2, "0"))
    return -value if text.startswith("-") else value


def half_up_cents(quantity, unit_cost):
    exact = Fraction(quantity) * Fraction(unit_cost) * 100
    assert exact >= 0
    return int(exact + Fraction(1, 2))


def latest(events, fact):
    """The newest data of each object."""
    found = {}
    for event in events:
        if event["type"] == f"construction.{fact}.v1":
            found[event["subject"]] = event["data"]
    return list(found.values())


def code_of(value):
    return value["code"] if isinstance(value, dict) else value


# -- the month -----------------------------------------------------------------------------


def test_every_event_is_valid(events):
    validators = {name: validator_of(name) for name in TYPES | COSTS}
    for event in events:
        errors = [error.message for error in validators[event["type"]].iter_errors(event["data"])]
        assert not errors, (event["subject"], errors)


def test_some_two_hundred_events_of_all_types(events):
    counts = Counter(event["type"] for event in events)
    assert set(counts) == TYPES | COSTS
    assert 215 <= len(events) <= 245
    assert len(latest(events, "cost_code.upserted")) in range(58, 70)
    assert len(latest(events, "cost_type.upserted")) == 8
    assert len(latest(events, "vendor.upserted")) == 12
    assert len(latest(events, "job.upserted")) == 3
    assert len(latest(events, "commitment.approved")) == 46
    assert counts["construction.budget.approved.v1"] == 6
    assert counts["construction.commitment.voided.v1"] == 1
    assert counts["construction.commitment.closed.v1"] == 2
    revised = Counter(
        event["subject"]
        for event in events
        if event["type"] == "construction.commitment.approved.v1"
    )
    assert sum(1 for versions in revised.values() if versions > 1) >= 20


def test_one_seed_is_one_month():
    assert json.dumps(sample_month(19)) == json.dumps(sample_month(19))
    assert json.dumps(sample_month(19)) != json.dumps(sample_month(20))


def test_envelopes(events):
    assert len({event["id"] for event in events}) == len(events)
    seen = defaultdict(list)
    for event in events:
        assert event["specversion"] == "1.0"
        kind, _slash, external_id = event["subject"].partition("/")
        assert event["type"].startswith(f"construction.{kind}.")
        data = event["data"]
        assert external_id == (data["job"] if kind == "budget" else data["external_id"])
        assert event["time"].startswith("2026-10-")
        seen[event["subject"]].append((int(event["sequence"]), event["time"]))
    for versions in seen.values():
        assert [number for number, _time in versions] == list(range(1, len(versions) + 1))
        times = [time for _number, time in versions]
        assert times == sorted(set(times))
    assert [event["time"] for event in events] == sorted(event["time"] for event in events)


def test_no_reference_is_unresolved_at_its_time(events):
    jobs, codes, vendors, types, commitments = {}, {}, set(), set(), set()

    def job_of(value):
        """External id of a job that is known by now."""
        if isinstance(value, str):
            assert value in jobs.values()
            return value
        return jobs[value["number"]]

    def coding_known(line, job):
        assert codes[code_of(line["cost_code"])] in (None, job)
        assert code_of(line["cost_type"]) in types
        assert line.get("uom") is None or line["uom"] in SHIPPED_UNITS
        assert not {"payment_terms", "tax_code", "product", "phase"} & set(line)

    for event in events:
        data, kind = event["data"], event["subject"].partition("/")[0]
        if kind == "job":
            jobs[data["number"]] = data["external_id"]
            assert data.get("legal_entity") in (None, "cedar-ridge", "cedar-ridge-civil")
            assert (data.get("legal_entity") == "cedar-ridge-civil") == (data["number"] == "26-107")
        elif kind == "vendor":
            vendors.add(data["external_id"])
        elif kind == "cost_type":
            types.add(data["code"])
        elif kind == "cost_code":
            assert data.get("parent_code") is None or data["parent_code"] in codes
            assert data.get("uom") is None or data["uom"] in SHIPPED_UNITS
            codes[data["code"]] = job_of(data["job"]) if "job" in data else None
        elif kind == "budget" or "lines" in data:
            for line in data["lines"]:
                if "cost_code" in line:
                    coding_known(line, job_of(data["job"]))
                if "commitment" in line:
                    assert line["commitment"] in commitments
            if kind == "commitment":
                assert data["vendor"] in vendors
                assert not {"payment_terms", "prime_contract", "requisitions"} & set(data)
                commitments.add(data["external_id"])
            elif "commitment" in data:
                known = lines_of(events, data["commitment"])
                assert data["commitment"] in commitments
                assert {line["commitment_line_id"] for line in data["lines"]} <= known
        elif kind == "field_ticket":
            assert data["job"] in jobs.values()
        else:
            assert data["external_id"] in commitments


def lines_of(events, commitment):
    """Line ids of its newest version."""
    (data,) = [
        data for data in latest(events, "commitment.approved") if data["external_id"] == commitment
    ]
    return {line["line_id"] for line in data["lines"]}


def test_invoices_and_changes_add_up(events):
    for data in data_of(events, "supplier_invoice.received"):
        assert sum(in_cents(line["amount"]) for line in data["lines"]) == in_cents(
            data["amount_total"]
        )
        for line in data["lines"]:
            if "quantity" in line:
                assert in_cents(line["amount"]) == half_up_cents(
                    line["quantity"], line["unit_price"]
                )
    for fact in ("submitted", "approved", "executed", "rejected"):
        for data in data_of(events, f"change_order.{fact}"):
            for total, part in (("total_cost", "cost_amount"), ("total_revenue", "revenue_amount")):
                assert in_cents(data[total]) == sum(in_cents(line[part]) for line in data["lines"])
    for data in data_of(events, "budget_change.approved"):
        assert sum(in_cents(line["amount"]) for line in data["lines"]) == 0


def test_totals_tie_in_whole_cents(events):
    for data in data_of(events, "commitment.approved") + data_of(events, "budget.approved"):
        assert sum(in_cents(line["amount"]) for line in data["lines"]) == in_cents(data["total"])
        assert in_cents(data["total"]) > 0
        line_ids = [line["line_id"] for line in data["lines"]]
        assert len(set(line_ids)) == len(line_ids) > 0


def test_line_amounts_are_quantity_times_price(events):
    priced = 0
    for data in data_of(events, "commitment.approved"):
        for line in data["lines"]:
            if line["pricing"] == "unit":
                assert in_cents(line["amount"]) == half_up_cents(
                    line["quantity"], line["unit_cost"]
                )
                priced += 1
            else:
                assert "quantity" not in line
            if "tax_amount" in line:
                tax = half_up_cents(line["amount"], "0.04")
                assert in_cents(line["tax_amount"]) == tax
    assert priced > 50
    for data in data_of(events, "budget.approved"):
        for line in data["lines"]:
            parts = sum(in_cents(part["amount"]) for part in line.get("spread", ()))
            assert parts == (0 if "reserve" in line else in_cents(line["amount"]))
        keys = [(line["cost_code"], line["cost_type"]) for line in data["lines"]]
        assert len(set(keys)) == len(keys)
        for line in data["lines"]:
            assert in_cents(line["amount"]) >= 0
            if "quantity" in line:
                assert in_cents(line["amount"]) == half_up_cents(
                    line["quantity"], line["unit_cost"]
                )


def test_budget_versions_keep_their_sum(events):
    by_job = defaultdict(list)
    for data in data_of(events, "budget.approved"):
        by_job[data["job"]].append(data)
    for versions in by_job.values():
        assert [data["version"] for data in versions] == ["1", "2"]
        assert in_cents(versions[0]["total"]) == in_cents(versions[1]["total"])
        assert versions[0]["lines"] != versions[1]["lines"]


def test_a_few_orders_run_over_budget(events):
    """Replays the month: an order is over when a line's key needs more than is budgeted."""
    job_ids = {data["number"]: data["external_id"] for data in data_of(events, "job.upserted")}
    budgets, orders, over = {}, {}, set()
    for event in events:
        data = event["data"]
        if event["subject"].startswith("budget/"):
            budgets[data["job"]] = {
                (line["cost_code"], line["cost_type"]): in_cents(line["amount"])
                for line in data["lines"]
            }
        elif event["type"] == "construction.commitment.approved.v1":
            job = job_ids[data["number"][:6]]
            cost = Counter()
            for line in data["lines"]:
                cost[job, code_of(line["cost_code"]), line["cost_type"]] += in_cents(
                    line["amount"]
                ) + in_cents(line.get("tax_amount", "0"))
            orders[data["number"]] = cost
            for key in cost:
                used = sum(other[key] for other in orders.values())
                if used > budgets[job].get(key[1:], 0):
                    over.add(data["number"])
        elif event["type"] == "construction.commitment.voided.v1":
            orders = {
                number: cost
                for number, cost in orders.items()
                if number != voided_number(events, data["external_id"])
            }
    assert 2 <= len(over) <= 8, over


def voided_number(events, external_id):
    return next(
        data["number"]
        for data in data_of(events, "commitment.approved")
        if data["external_id"] == external_id
    )


def test_closes_release_what_is_not_final(events):
    totals = {data["external_id"]: data["total"] for data in latest(events, "commitment.approved")}
    for data in data_of(events, "commitment.closed"):
        assert in_cents(data["final_amount"]) + in_cents(data["open_released"]) == in_cents(
            totals[data["external_id"]]
        )


# -- the plan of sending -------------------------------------------------------------------


def sent(plan):
    return [event for burst in plan for post in burst.posts for event in post.events]


def test_calm_plan_sends_each_event_once_in_order(events):
    assert sent(make_plan(events, 19, CALM)) == events


def test_disturbed_plan_loses_nothing_and_disturbs(events):
    plan = make_plan(events, 19, Disturbance())
    again = make_plan(events, 19, Disturbance())
    assert plan == again
    copies = Counter(event["id"] for event in sent(plan))
    assert set(copies) == {event["id"] for event in events}
    assert any(count > 1 for count in copies.values())
    firsts = list(dict.fromkeys(event["id"] for event in sent(plan)))
    assert firsts != [event["id"] for event in events]
    posts = [post for burst in plan for post in burst.posts]
    assert any(post.batch for post in posts) and any(post.wait for post in posts)
    assert any(len(burst.posts) > 1 for burst in plan)
