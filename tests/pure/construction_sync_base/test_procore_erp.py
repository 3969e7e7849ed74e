"""Procore's ERP requests become canonical events that fit the published schemas."""

import copy
import json
import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker

from odoo.addons.construction_sync_base.lib import envelope, money
from odoo.addons.construction_sync_base.lib.errors import Malformed, UnknownKind
from odoo.addons.construction_sync_base.translators import procore_erp

from tests.simulator import procore

SCHEMAS = Path(__file__).resolve().parents[3] / "construction_sync_base/schemas"
DISPLAYED = ("$", "999")  # totals and texts that the fixtures carry wrongly on purpose


def translate(payload, currency="USD", **more):
    return procore_erp.translate(procore.body(payload), lambda job: currency, **more)


def only(payload, **more):
    (event,) = translate(payload, **more)
    return event


def schema_errors(event):
    path = SCHEMAS / f"{event['type']}.json"
    schema = json.loads(path.read_text(encoding="utf-8"))
    validator = Draft202012Validator(schema, format_checker=FormatChecker())
    return [error.message for error in validator.iter_errors(event["data"])]


@pytest.mark.parametrize("payload", procore.every_kind(), ids=lambda p: p["request_name"])
def test_every_kind_fits_envelope_and_schema(payload):
    events = translate(payload)
    assert events
    for event in events:
        parsed = envelope.parse(event)
        assert parsed.source == "//procore/companies/7"
        assert schema_errors(event) == []
        assert not any(text in json.dumps(event["data"]) for text in DISPLAYED)


def test_every_kind_that_is_applied_is_in_the_fixtures():
    told = {payload["request_name"] for payload in procore.every_kind()}
    silent = {"sync_single_job", "sync_sub_job"}
    assert told | silent == set(procore_erp.REQUESTS)
    for name in silent:
        assert translate(procore.request(name, {"id": "5"})) == []


def test_job_with_its_codes():
    codes = [
        procore.cost_code(1, "03"),
        procore.cost_code(2, "03-300", parent=1, standard_cost_code_id=371),
        procore.cost_code(3, "03-310", deleted_at="2026-01-07T00:00:00Z"),
        procore.cost_code(4, "03-320", deleted_at="2026-01-07T00:00:00Z", standard_cost_code_id=9),
    ]
    job, division, standard, deleted = translate(
        procore.request("create_or_update_job", procore.job(codes=codes))
    )
    assert job["subject"] == "job/598134325841086"
    assert job["data"]["external_id"] == "598134325841086"
    assert (job["data"]["number"], job["data"]["status"]) == ("26-086", "active")
    assert job["data"]["address"]["city"] == "Pueblo"
    assert division["data"]["job"] == "598134325841086"
    assert standard["data"]["parent_code"] == "03" and "job" not in standard["data"]
    assert deleted["data"]["active"] is False and deleted["data"]["code"] == "03-310"


def test_an_inactive_project_is_on_hold():
    payload = procore.request("create_or_update_job", procore.job(codes=[], active=False))
    assert only(payload)["data"]["status"] == "on_hold"


def test_ids_of_standard_codes_and_sub_jobs_never_meet_those_of_projects():
    standard = {"id": 1, "full_code": "01", "name": "A", "parent_id": None}
    code = only(procore.request("create_standard_cost_codes", [standard]))
    assert code["data"]["external_id"] == "standard-1"
    sub_job = only(procore.request("create_sub_job", procore.sub_job(1)))
    assert sub_job["data"]["external_id"] == "sub-job-1"
    assert sub_job["data"]["parent"] == "598134325841086"


def test_what_is_not_set_clears_nothing():
    data = only(procore.request("create_vendor", procore.vendor()))["data"]
    assert set(data) == {"external_id", "name", "phone", "custom", "active"}
    assert data["custom"] == {"union_member": "true"}


@pytest.mark.parametrize("unset", [None, "", "null", " null "])
def test_a_reference_without_origin_id_is_procores_own_id(unset):
    over = {"project": {"id": 86, "origin_id": unset}, "vendor": {"id": 47, "origin_id": unset}}
    data = only(procore.request("create_commitment", procore.commitment(**over)))["data"]
    assert (data["job"], data["vendor"]) == ("86", "47")


def test_a_reference_with_origin_id_keeps_both():
    over = {"project": {"id": 86, "origin_id": "12"}, "vendor": {"origin_id": "15"}}
    data = only(procore.request("create_commitment", procore.commitment(**over)))["data"]
    assert data["job"] == {"origin_id": "12", "external_id": "86"}
    assert data["vendor"] == {"origin_id": "15"}


def test_1970_is_no_date():
    data = only(procore.request("create_commitment", procore.commitment()))["data"]
    assert "executed_on" not in data
    assert data["date"] == "2026-03-01", "the day on the sender's clock"


def test_a_request_of_1970_has_the_time_of_its_record():
    payload = procore.request("create_commitment", procore.commitment(), at="1970-01-01T00:00:00Z")
    assert only(payload)["time"] == "2026-03-01T19:17:59Z"


def test_a_request_without_any_time_needs_that_of_its_arrival():
    payload = procore.request("merge_vendors", procore.merge(), at=None)
    with pytest.raises(Malformed, match="created_at"):
        translate(payload)
    assert only(payload, received_at="2026-03-02T00:00:00Z")["time"] == "2026-03-02T00:00:00Z"


def test_the_amount_leads():
    item = procore.item(amount="233.0", quantity="3.0", unit_cost="80.0", uom="ea")
    payload = procore.commitment(items=[item], accounting_method="unit")
    (line,) = only(procore.request("create_commitment", payload))["data"]["lines"]
    assert (line["amount"], line["pricing"]) == ("233", "lump_sum")
    assert "quantity" not in line


def test_quantity_and_price_that_agree_are_kept():
    item = procore.item(amount="240.0", quantity="3.0", unit_cost="80.0", uom="ea")
    payload = procore.commitment(items=[item], accounting_method="unit")
    (line,) = only(procore.request("create_commitment", payload))["data"]["lines"]
    assert line["pricing"] == "unit"
    assert (line["quantity"], line["unit_cost"], line["uom"]) == ("3", "80", "ea")


def test_tax_and_retention():
    item = procore.item(tax_amount="12.5", tax_code={"id": 1, "code": "CO", "origin_id": None})
    payload = procore.commitment(items=[item], retainage_percent="10.0")
    data = only(procore.request("create_commitment", payload))["data"]
    assert data["retention_percent"] == "10"
    assert (data["lines"][0]["tax_amount"], data["lines"][0]["tax_code"]) == ("12.5", "CO")


def test_a_document_names_its_own_currency_first():
    own = {"currency_configuration": {"currency_iso_code": "EUR", "currency_exchange_rate": "1"}}
    data = only(procore.request("create_commitment", procore.commitment(**own)))["data"]
    assert data["currency"] == "EUR"


@pytest.mark.parametrize("status", ["Draft", "Out For Bid", "Void", "Terminated", None])
def test_a_commitment_that_is_not_approved_is_refused(status):
    payload = procore.request("create_commitment", procore.commitment(status=status))
    with pytest.raises(Malformed, match="not approved"):
        translate(payload)


def test_a_new_budget_is_the_original_one():
    event = only(procore.request("create_budget", procore.budget()))
    data = event["data"]
    assert event["subject"] == "budget/598134325841086"
    assert data["job"] == {"origin_id": "12", "external_id": "598134325841086"}
    assert (data["basis"], data["version"]) == ("original", "2026-03-02")
    (line,) = data["lines"]
    assert (line["amount"], line["line_id"]) == ("44.45", "456")
    assert (line["cost_code"], line["cost_type"]) == ({"origin_id": "3"}, {"origin_id": "1"})


def test_an_updated_budget_is_the_current_one_and_names_its_changes():
    changes = [(8, "Erp::BudgetModificationTransaction", 456, 10.0)]
    data = only(procore.request("update_budget", procore.budget(transactions=changes)))["data"]
    assert (data["basis"], data["includes_changes"]) == ("current", ["8"])
    again = only(procore.request("update_budget", procore.budget(transactions=[])))["data"]
    assert again["basis"] == "current" and "includes_changes" not in again


def test_merge_without_sources_and_with_the_master_among_them():
    assert only(procore.request("merge_vendors", procore.merge(1, ())))["data"]["sources"] == []
    assert only(procore.request("merge_vendors", procore.merge(1, (1, 2))))["data"]["sources"] == [
        "2"
    ]


@pytest.mark.parametrize("name", ["create_requisitions", "sync_vendors", "no_such_request"])
def test_other_kinds_say_so(name):
    with pytest.raises(UnknownKind, match=name):
        translate(procore.request(name, {}))


def test_a_thin_notice_says_what_to_send():
    notice = {"id": 1, "event_type": "create", "resource_name": "ERP Requests", "resource_id": 54}
    with pytest.raises(Malformed, match="ERP Requests 54.*request_data"):
        translate(notice)


def test_one_request_gives_the_same_events_every_time():
    payload = procore.request("create_or_update_job", procore.job())
    assert translate(payload) == translate(payload)
    ids = [event["id"] for event in translate(payload)]
    assert ids == [f"erp-request/{payload['id']}/1", f"erp-request/{payload['id']}/2"]


def test_a_long_list_of_codes_is_read():
    codes = [procore.cost_code(number, f"03-{number}") for number in range(1000)]
    assert len(translate(procore.request("create_or_update_job", procore.job(codes=codes)))) == 1001


amounts = st.decimals(
    min_value=-(10**10), max_value=10**10, places=2, allow_nan=False, allow_infinity=False
)


@given(amounts, st.sampled_from(["number", "text", "zeros", "exponent"]))
def test_an_amount_is_kept_to_the_cent_in_every_form(amount, form):
    wire = {
        "number": str(amount),
        "text": json.dumps(str(amount)),
        "zeros": json.dumps(f"{amount}000"),
        "exponent": f"{amount:E}",
    }[form]
    text = procore.body(
        procore.request("create_budget", procore.budget(costs=[(456, "3", "1", "@")]))
    ).decode()
    (event,) = procore_erp.translate(text.replace('"@"', wire).encode(), lambda job: "USD")
    sent = event["data"]["lines"][0]["amount"]
    assert money.parse_amount(sent, 2, signed=True) == amount


def places(value):
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


VALUES = [None, 0, -1, 5.5, [], {}, "", "null", "zzz", "1970-01-01T00:00:00Z", True, [None], "é"]


@given(st.sampled_from(range(len(procore.every_kind()))), st.randoms(use_true_random=False))
def test_what_cannot_be_read_is_malformed_and_nothing_worse(number, rng: random.Random):
    payload = copy.deepcopy(procore.every_kind()[number])
    for _change in range(rng.randint(1, 4)):
        container, key = rng.choice(list(places(payload)))
        if rng.random() < 0.3 and isinstance(container, dict):
            del container[key]
        else:
            container[key] = copy.deepcopy(rng.choice(VALUES))
    try:
        events = translate(payload)
    except (Malformed, UnknownKind) as error:
        assert 0 < len(str(error)) < 300
        return
    for event in events:
        envelope.parse(event)
        assert isinstance(
            event["data"].get("external_id") or event["data"].get("master"), str | dict
        )


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_bytes(body):
    with pytest.raises(Malformed):
        procore_erp.translate(body, lambda job: "USD")


def test_decimals_beyond_the_currency_stay_visible():
    payload = procore.budget(costs=[(456, "3", "1", "44.455")])
    line = only(procore.request("create_budget", payload))["data"]["lines"][0]
    assert Decimal(line["amount"]) == Decimal("44.455"), "an amount issue later, never a rounding"
