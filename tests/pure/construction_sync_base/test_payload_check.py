"""A partner's check of his own payloads: what it finds, how it says it, and that it needs
neither Odoo nor a database."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from odoo.addons.construction_sync_base.lib import catalogue, payload_check

from tests.simulator import procore
from tests.simulator.sample_month import sample_month

ROOT = Path(__file__).resolve().parents[3]
FILES = {p.stem: p for p in (ROOT / "construction_sync_base/schemas").glob("*.json")}
VERSIONS = {name: catalogue.read(path) for name, path in FILES.items()}
CHECKER = payload_check.Checker(FILES, VERSIONS)
JOB = "construction.job.upserted.v1"
COMMITMENT = "construction.commitment.approved.v1"


def sample(event_type):
    return copy.deepcopy(next(event for event in sample_month() if event["type"] == event_type))


def check(value, *arguments):
    return CHECKER.check(json.dumps(value).encode(), *arguments)


def told(value, *arguments):
    """(path, category) of every fault of a payload with one event."""
    (report,) = check(value, *arguments)
    for fault in report.faults:
        assert fault.message and fault.hint, f"{fault} does not say what to do"
    return [(payload_check.json_path(fault.where), fault.category) for fault in report.faults]


def test_the_sample_month_is_taken_as_events_and_as_a_batch():
    month = sample_month()
    reports = check(month)
    assert len(reports) == len(month) > 150
    assert [report for report in reports if report.faults or report.notes] == []
    assert told(month[0]) == []


def test_bare_data_of_a_type_one_or_many():
    data = sample(JOB)["data"]
    assert told(data, JOB) == []
    first, second = check([data, data | {"status": "opened"}], JOB)
    assert not first.faults and first.label == data["external_id"]
    assert payload_check.json_path(second.faults[0].where) == "$[1].status"
    assert "bid, active" in second.faults[0].hint


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"id": None}, [("$", "malformed")]),
        ({"id": ""}, [("$.id", "malformed")]),
        ({"time": "2026-10-31T17:00:00"}, [("$.time", "malformed")]),
        ({"time": "2026-02-30T17:00:00Z"}, [("$.time", "malformed")]),
        ({"subject": "job"}, [("$.subject", "malformed")]),
        ({"sequence": "1.5"}, [("$.sequence", "malformed")]),
        ({"data": []}, [("$.data", "malformed")]),
        ({"type": "construction.jobs.upserted.v1"}, [("$", "schema")]),
        ({"type": "construction.webhook.received.v1"}, [("$", "schema")]),
        ({"id": "", "source": 7}, [("$.id", "malformed"), ("$.source", "malformed")]),
    ],
)
def test_faults_of_the_envelope(change, expected):
    event = sample(JOB) | change
    event = {key: value for key, value in event.items() if value is not None}
    assert sorted(told(event)) == expected


LINE = "$.data.lines[0]"


@pytest.mark.parametrize(
    "change, expected",
    [
        ({"amount": 1000.5}, [(f"{LINE}.amount", "amount")]),
        ({"amount": "1e3"}, [(f"{LINE}.amount", "amount")]),
        ({"amount": "1,000.00"}, [(f"{LINE}.amount", "amount")]),
        ({"amount": "$5"}, [(f"{LINE}.amount", "amount")]),
        ({"amount": "1000.005"}, [(f"{LINE}.amount", "amount")]),
        ({"amount": True}, [(f"{LINE}.amount", "amount")]),
        ({"amount": None}, [(f"{LINE}.amount", "amount")]),
        ({"amount": "100000"}, []),
        ({"amount": 100000}, []),
        ({"amount": "1000", "quantity": "1.0000001"}, [(f"{LINE}.quantity", "amount")]),
        ({"retention_percent": "101"}, [(f"{LINE}.retention_percent", "amount")]),
        ({"tax_amount": "-1.00"}, []),
        ({"amount": "9", "quantity": "2", "unit_cost": "4"}, [(LINE, "amount")]),
        ({"amount": "8", "quantity": "2", "unit_cost": "4"}, []),
        ({"amount": "-5"}, [("$.data.total", "amount")]),
        ({"line_id": "2"}, [(f"{LINE}.line_id", "schema"), ("$.data.lines[1].line_id", "schema")]),
    ],
)
def test_money_of_a_commitment(change, expected):
    event = sample(COMMITMENT)
    line = {"line_id": "1", "description": "x", "cost_code": "a", "cost_type": "b", "amount": "1"}
    event["data"] = {k: v for k, v in event["data"].items() if k != "total"} | {"currency": "USD"}
    event["data"]["lines"] = [line | change, line | {"line_id": "2"}]
    assert told(event) == expected


@pytest.mark.parametrize(
    "change", [{"content_base64": "data:,x"}, {"content_base64": "YWJj", "sha256": "0" * 64}]
)
def test_content_of_a_file_is_read(change):
    event = sample(COMMITMENT)
    event["data"]["attachments"] = [
        {"filename": "a.b. c", "mimetype": "text/plain", "content_base64": "YWJj"},
        {"filename": "a.b. c", "mimetype": "text/plain"} | change,
    ]
    assert told(event) == [("$.data.attachments[1].content_base64", "schema")]


def test_lines_have_to_add_up_to_the_total():
    event = sample(COMMITMENT)
    event["data"]["total"] = "0.01"
    (report,) = check(event)
    (fault,) = report.faults
    assert payload_check.json_path(fault.where) == "$.data.total" and "add up" in fault.message


def test_decimals_are_the_currency_s():
    event = sample(COMMITMENT)
    event["data"] |= {"currency": "JPY", "total": None}
    event["data"]["lines"][0]["amount"] = "10.50"
    assert (f"{LINE}.amount", "amount") in told(event)
    event["data"]["currency"] = "KWD"
    event["data"]["lines"] = [{**event["data"]["lines"][0], "amount": "10.505", "quantity": None}]
    assert told(event) == []


def test_a_missing_field_says_what_it_means():
    event = sample(COMMITMENT)
    del event["data"]["lines"][0]["cost_code"]
    (report,) = check(event)
    assert report.faults[0].hint.startswith("Add “cost_code”: ")


def test_every_fault_is_told_not_only_the_first_five():
    event = sample(COMMITMENT)
    line = event["data"]["lines"][0]
    event["data"]["lines"] = [line | {"line_id": str(i), "cost_code": None} for i in range(9)]
    assert len(told(event)) == 9


def test_one_bad_event_does_not_hide_the_others():
    good = json.dumps(sample(JOB))
    body = f'[{good}, {{"id": NaN}}, {good}]'.encode()
    first, second, third = CHECKER.check(body)
    assert not first.faults and not third.faults
    assert second.where == (1,) and second.faults[0].category == "malformed"


@pytest.mark.parametrize("body", [b"", b"{", b'{"a":1,"a":2}', b"\xff", b"[1", b'"text"', b"7"])
def test_what_cannot_be_read_is_one_fault(body):
    (report,) = CHECKER.check(body)
    assert len(report.faults) >= 1 and report.faults[0].category == "malformed"


def test_notes_do_not_fail():
    (report,) = check(sample(JOB) | {"subject": "jobs/1"})
    assert not report.faults and "job/" in report.notes[0]


def test_a_deprecated_version_is_noted(tmp_path):
    schema = json.loads(FILES[JOB].read_text()) | {
        "deprecated": True,
        "x-deprecated-on": "2026-11-01",
        "x-sunset-on": "2027-05-01",
        "x-successor": "construction.job.upserted.v2",
    }
    path = tmp_path / f"{JOB}.json"
    path.write_text(json.dumps(schema))
    checker = payload_check.Checker({JOB: path}, {JOB: catalogue.read(path)})
    (report,) = checker.check(json.dumps(sample(JOB)).encode())
    assert not report.faults
    assert "2026-11-01" in report.notes[0] and "job.upserted.v2" in report.notes[0]


def test_a_path_is_rfc_9535():
    where = ("data", "lines", 0, "a b", "it's")
    assert payload_check.json_path(where) == '$.data.lines[0]["a b"]["it\'s"]'


# -------------------------------------------------------------------- command
NO_ODOO = """
import runpy, sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("odoo", "psycopg2"):
            raise ImportError(f"{name} is not there")
sys.meta_path.insert(0, Refuse())
sys.argv = ["contract.py", *sys.argv[1:]]
runpy.run_path("dev/contract.py", run_name="__main__")
"""


def command(*arguments):
    """Run the command where neither Odoo nor a database driver can be imported."""
    return subprocess.run(
        [sys.executable, "-c", NO_ODOO, *map(str, arguments)],
        cwd=ROOT, env=os.environ | {"PYTHONPATH": "", "PGHOST": "/nowhere"},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_command_without_odoo_or_database(tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "month.json").write_text(json.dumps(sample_month()[:20]))
    good = command(tmp_path)
    assert good.returncode == 0, good.stdout + good.stderr
    assert good.stdout.count("  ok   $[") == 20 and "20 events, 0 with errors" in good.stdout
    bad = sample(COMMITMENT)
    bad["data"]["lines"][0]["amount"] = 5.5
    (tmp_path / "sub/bad.json").write_text(json.dumps(bad))
    done = command(tmp_path)
    assert done.returncode == 1
    assert "$.data.lines[0].amount: 5.5 is not a plain decimal" in done.stdout
    assert "21 events, 1 with errors" in done.stdout


def test_the_command_with_a_type_in_short(tmp_path):
    path = tmp_path / "job.json"
    path.write_text(json.dumps(sample(JOB)["data"]))
    assert command(path, "job.upserted").returncode == 0
    wrong = command(path, "job.upsert")
    assert wrong.returncode == 1 and f"Did you mean {JOB}?" in wrong.stdout


def test_the_command_translates_a_platform_s_own_webhooks(tmp_path):
    kinds = list(procore.every_kind())
    for number, payload in enumerate(kinds):
        (tmp_path / f"{number}.json").write_bytes(procore.body(payload))
    done = command(tmp_path, "", "procore")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ok   $[") >= len(kinds) > 15
    assert "note:" not in done.stdout, "what our own translator makes needs no remark"
    unknown = procore.request("create_spaceship", {})
    (tmp_path / "unknown.json").write_bytes(procore.body(unknown))
    done = command(tmp_path, "", "procore")
    assert done.returncode == 1 and "create_spaceship" in done.stdout
    assert "1 with errors" in done.stdout


def test_a_translated_amount_is_checked_in_the_currency_given(tmp_path):
    payload = next(p for p in procore.every_kind() if p["request_name"] == "create_commitment")
    path = tmp_path / "commitment.json"
    path.write_bytes(procore.body(payload))
    assert command(path, "", "procore", "USD").returncode == 0
    done = command(path, "", "procore", "usd")
    assert done.returncode == 1 and "$[0].data.currency" in done.stdout


def test_the_command_says_how_it_is_used(tmp_path):
    for arguments, text in (
        ((), "make contract FILE="),
        ((tmp_path / "none.json",), "no JSON file there"),
        ((ROOT / "tests/pure/data", "", "unheard-of"), "no translator"),
    ):
        done = command(*arguments)
        assert done.returncode == 1 and text in done.stderr, done.stderr
