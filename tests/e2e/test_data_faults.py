"""Wrong, odd and repeated data on a real server. Names carry the number of the fault
catalogue: what cannot be right waits with an issue and changes nothing."""

import hashlib

import pytest

from tests.simulator.sample_month import sample_month

from .platform import Platform

BOOKS = """
    SELECT 'ledger', account_id::text, sum(balance)::text FROM account_move_line
     WHERE parent_state = 'posted' GROUP BY account_id
    UNION ALL
    SELECT 'analytic', account_id::text, sum(amount)::text FROM account_analytic_line
     GROUP BY account_id
    UNION ALL
    SELECT 'order', o.id::text, concat_ws(' ', o.state, o.closed_state, o.amount_untaxed,
           o.original_amount, (SELECT string_agg(concat_ws(':', l.id, l.product_qty, l.price_unit,
                                      l.released_amount), ',' ORDER BY l.id)
              FROM purchase_order_line l WHERE l.order_id = o.id))
      FROM purchase_order o WHERE o.is_commitment
    UNION ALL
    SELECT 'budget', b.job_id::text, concat_ws(' ', b.version, b.amount_total)
      FROM construction_budget b WHERE b.state = 'approved'
    UNION ALL
    SELECT 'job', j.job_number, concat_ws(' ', j.name, j.job_status)
      FROM project_project j WHERE j.is_job
    ORDER BY 1, 2, 3
"""


@pytest.fixture(scope="module")
def platform(server):
    made = Platform(server)
    made.masters()
    return made


def parked(platform, event, category):
    """The event waits because of `category`, and no order came of it."""
    platform.send(event)
    platform.wait(event, states=("parked",))
    categories = {found for found, _message, state in platform.issues(event) if state == "open"}
    assert category in categories
    assert not platform.orders(event["data"]["external_id"])
    return [message for found, message, _s in platform.issues(event) if found == category][0]


def lines(platform, **line):
    base = {
        "line_id": "1",
        "description": "Concrete",
        "cost_code": platform.code,
        "cost_type": "material",
        "amount": "1000.00",
    }
    return [base | line]


def test_fault_56_a_whole_month_replayed(server):
    """The same deliveries again, then the same facts under new ids: the books stay."""
    platform = Platform(server)
    month = [
        event | {"data": {k: v for k, v in event["data"].items() if k != "legal_entity"}}
        for event in sample_month(19)
    ]
    for start in range(0, len(month), 50):
        platform.send(*month[start : start + 50])
    platform.wait(*month, states=("processed", "superseded", "parked"))

    def books():
        return hashlib.sha256(repr(server.psql(BOOKS)).encode()).hexdigest()

    before = books()
    processed = sum(state == "processed" for state in platform.states(*month))
    assert processed > 100
    for start in range(0, len(month), 50):
        answer = platform.send(*month[start : start + 50])
        assert answer["duplicates"] == len(month[start : start + 50])
    assert books() == before
    again = [event | {"id": event["id"] + "-again"} for event in month]
    platform.send(*again)
    platform.wait(*again, states=("processed", "superseded", "parked"))
    assert books() == before


@pytest.mark.parametrize("code", ["XXX", "KWD"])
def test_fault_59_currency_unknown_or_inactive(platform, code):
    event = platform.commitment(f"CUR{code}", currency=code)
    assert code in parked(platform, event, "amount")


def test_fault_59_currency_without_a_rate(platform):
    (currency,) = platform.server.execute(
        "res.currency", "search", [[["name", "=", "PLN"], ["active", "in", [True, False]]]]
    )
    platform.server.execute("res.currency", "write", [[currency], {"active": True}])
    platform.server.psql("DELETE FROM res_currency_rate WHERE currency_id = %s", (currency,))
    parked(platform, platform.commitment("CURPLN", currency="PLN"), "amount")


@pytest.mark.parametrize(
    "amount",
    [0.1 + 0.2, 1e3, "1,234.56", "1e3", "$5", "", " 1", "1.", ".5", "1000.001", "NaN",
     "10000000000000", 9007199254740993000, -5, "-5"],
)  # fmt: skip
def test_fault_60_forms_of_an_amount(platform, amount):
    name = f"AMT{abs(hash(repr(amount)))}"
    parked(platform, platform.commitment(name, lines=lines(platform, amount=amount)), "amount")


def test_fault_60_minus_zero_is_zero(platform):
    extra = lines(platform, line_id="2", amount="-0")
    event = platform.commitment("AMTZERO", lines=lines(platform) + extra)
    platform.send(event)
    platform.wait(event)
    assert platform.orders("AMTZERO") == [("purchase", 1000)]


def test_fault_61_lines_and_total_differ(platform):
    event = platform.commitment("SUM", total="1000.01")
    assert "1000.01" in parked(platform, event, "amount")


def test_fault_61_tax_in_a_total_without_tax(platform):
    with_tax = lines(platform, tax_amount="80.00", tax_recoverable=False)
    parked(platform, platform.commitment("SUMTAX", lines=with_tax, total="1080.00"), "amount")


def test_fault_64_numbers_too_large(platform):
    """External ids are text of any size; a quantity that no field holds is an issue."""
    name = str(10**30)
    event = platform.commitment(name)
    platform.send(event)
    platform.wait(event)
    assert platform.orders(name) == [("purchase", 1000)]
    huge = lines(platform, pricing="unit", quantity=str(10**18), uom="ea", unit_cost="0.01")
    parked(platform, platform.commitment("HUGE", lines=huge), "amount")


def refused(platform, event, category):
    """The event waits because of `category`, and nothing was bound to it."""
    platform.send(event)
    assert platform.wait(event, states=("parked", "processed")) == ["parked"], event["type"]
    found = platform.issues(event)
    assert [(c, state) for c, _message, state in found] == [(category, "open")], found
    name, _slash, external_id = event["subject"].partition("/")
    assert platform.server.psql(
        "SELECT count(*) FROM construction_binding"
        " WHERE platform_id = %s AND object = %s AND external_id = %s",
        (platform.id, name, external_id),
    ) == [(0,)]
    return found[0][1]


@pytest.mark.parametrize("percent", ["-5", -0.01, "100.01", 101, "5%", "NaN"])
def test_fault_62_retention_that_cannot_be(platform, percent):
    """Negative or above 100 percent, wherever an event speaks of retention."""
    name = f"RET{abs(hash(repr(percent)))}"
    held = {"work_percent": percent}
    for event, path in (
        (platform.job(name, retention=held), "retention"),
        (platform.job(f"{name}S", retention={"work_percent": "5", "stored_percent": percent}),
         "stored_percent"),
        (platform.vendor(name, retention_percent=percent), "retention_percent"),
        (platform.commitment(name, retention_percent=percent), "retention_percent"),
        (platform.commitment(f"{name}W", retention=held), "work_percent"),
        (platform.commitment(f"{name}L", lines=lines(platform, retention_percent=percent)),
         "lines"),
    ):  # fmt: skip
        assert path in refused(platform, event, "amount"), event["type"]


def test_fault_62_retention_at_its_ends(platform):
    events = [
        platform.commitment(f"RETEND{percent}", retention_percent=percent)
        for percent in ("0", "100")
    ]
    platform.send(*events)
    platform.wait(*events)


@pytest.mark.parametrize("status", ["bid", "on_hold", "completed", "closed"])
def test_fault_66_jobs_that_take_no_commitment(platform, status):
    job = platform.job(f"J-{status}", status=status)
    platform.send(job)
    platform.wait(job)
    event = platform.commitment(f"GATE-{status}", job=f"J-{status}")
    parked(platform, event, "inactive_target")


def test_fault_67_an_archived_cost_code(platform):
    code = platform.code + "-old"
    made = platform.cost_code(code)
    gone = platform.cost_code(code, 2, active=False)
    platform.send(made)
    platform.wait(made)
    platform.send(gone)
    platform.wait(gone)
    event = platform.commitment("OLDCODE", lines=lines(platform, cost_code=code))
    assert "archived" in parked(platform, event, "inactive_target")
    back = platform.cost_code(code, 3, active=True)
    platform.send(back)
    platform.wait(event)  # resumed by itself


def test_fault_69_one_vendor_in_many_spellings(server):
    """With matching by name, spellings meet; what fits two partners waits for a person."""
    platform = Platform(server)
    server.execute(
        "construction.sync.policy",
        "create",
        [[{"object": "vendor", "platform_id": platform.id, "match_by_name": True}]],
    )
    name = f"Łódź Café {platform.key}"
    (partner,) = server.execute("res.partner", "create", [[{"name": name, "is_company": True}]])
    spellings = [name.upper(), f"  {name} ", name.replace("é", "e\u0301"), f"\u200b{name}\u200f"]
    for number, spelling in enumerate(spellings):
        other = Platform(server)
        server.execute(
            "construction.sync.policy",
            "create",
            [[{"object": "vendor", "platform_id": other.id, "match_by_name": True}]],
        )
        event = other.vendor(f"V{number}", name=spelling)
        other.send(event)
        other.wait(event)
    bound = server.psql(
        "SELECT DISTINCT res_id FROM construction_binding b JOIN construction_event_binding_rel r"
        " ON r.binding_id = b.id WHERE b.object = 'vendor' AND b.res_id = %s",
        (partner,),
    )
    assert bound == [(partner,)]
    twins = server.psql(
        "SELECT count(*) FROM res_partner WHERE construction_name_key ="
        " (SELECT construction_name_key FROM res_partner WHERE id = %s)",
        (partner,),
    )
    assert twins == [(1,)]
    server.execute("res.partner", "create", [[{"name": name, "is_company": True}]])
    ambiguous = platform.vendor("VA", name=name)
    platform.send(ambiguous)
    platform.wait(ambiguous, states=("parked",))
    assert [found for found, _m, _s in platform.issues(ambiguous)] == ["duplicate"]


def test_fault_74_a_company_that_is_not_the_platform_s(platform):
    server = platform.server
    (company,) = server.execute("res.company", "create", [[{"name": f"Other {platform.key}"}]])
    server.execute(
        "construction.crosswalk",
        "create",
        [
            [
                {
                    "platform_id": platform.id,
                    "kind": "legal_entity",
                    "external_value": "other-inc",
                    "res_model": "res.company",
                    "res_id": company,
                }
            ]
        ],
    )
    event = platform.job("FOREIGN", legal_entity="other-inc")
    platform.send(event)
    platform.wait(event, states=("parked",))
    assert [found for found, _m, _s in platform.issues(event)] == ["ownership_conflict"]
    jobs = server.psql("SELECT count(*) FROM project_project WHERE company_id = %s", (company,))
    assert jobs == [(0,)]


def stored_time(platform, event):
    return platform.server.psql(
        "SELECT time::text FROM construction_event WHERE platform_id = %s AND event_id = %s",
        (platform.id, event["id"]),
    )


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2026-10-31T23:30:00-08:00", "2026-11-01 07:30:00"),
        ("2026-11-01T07:30:00Z", "2026-11-01 07:30:00"),
        ("2026-03-08T02:30:00-08:00", "2026-03-08 10:30:00"),  # an hour that Los Angeles skips
        ("2016-12-31T23:59:60Z", "2017-01-01 00:00:00"),
        ("9998-12-31T23:59:59-12:00", "9999-01-01 11:59:59"),
    ],
)
def test_fault_72_an_instant_is_utc_and_a_day_is_the_document_s(platform, time, utc):
    """23:30 on the last of the month in Los Angeles is the next month in UTC; the order stays
    in its own month."""
    name = f"TIME{time}"
    event = platform.commitment(name, date="2026-10-31") | {"time": time}
    platform.send(event)
    platform.wait(event)
    assert stored_time(platform, event) == [(utc,)]
    assert platform.server.psql(
        "SELECT o.date_order::text FROM construction_binding b JOIN purchase_order o"
        " ON o.id = b.res_id WHERE b.platform_id = %s AND b.external_id = %s"
        " AND b.object = 'commitment'",
        (platform.id, name),
    ) == [("2026-10-31 12:00:00",)]


@pytest.mark.parametrize(
    "time",
    ["2026-10-31T23:30:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-08:00",
     "10000-01-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-10-31", "1793500200", 1793500200],
)  # fmt: skip
def test_fault_72_times_that_are_none(platform, time):
    """Taken and kept as malformed: a person sees it, and the sender does not try for ever."""
    event = platform.vendor("TIMELESS") | {"time": time}
    answer = platform.post(event)
    assert answer.status_code in (200, 202), answer.text
    assert answer.json()["malformed"] == 1
    assert not stored_time(platform, event)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("date", "0001-01-01"),
        ("date", "9999-12-31"),
        ("date", "10000-01-01"),
        ("date", "2026-02-30"),
        ("date", "2026-10-31T23:30:00-08:00"),
        ("approved_at", "2026-10-31T23:30:00"),
        ("approved_at", "0001-01-01T00:00:00+14:00"),
        ("approved_at", "2026-10-31T24:30:00Z"),
    ],
)
def test_fault_72_days_that_are_none(platform, field, value):
    event = platform.commitment(f"DAY{field}{value}", **{field: value})
    assert field in refused(platform, event, "schema")
