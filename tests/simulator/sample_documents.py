"""Budgets and commitments of the sample month: amounts that tie, some revised, a few over budget.

Amounts are US dollars with two decimals, rounded half up at the line and nowhere else.
"""

import copy
import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from . import contractor, purchases
from .timeline import Timeline, local

CENT = Decimal("0.01")
PREFIX = {"purchase_order": "PO", "subcontract": "SC", "rental": "RT", "service": "SV"}
APPROVERS = ("Dana Whitfield", "Marcus Oyelaran", "Lena Brandt", "Theo Nakamura")
#: building material of the private owner's job bears sales tax that is cost
TAXED_JOB, TAX_RATE = "26-021", Decimal("0.04")
REVISED, REVISED_TWICE, OVER_BUDGET = 26, 10, 3
#: bought, but in no budget of this job: nothing is available for it
UNBUDGETED = ("26-014", "10-2800", "M")


def cents(value: Decimal) -> Decimal:
    return value.quantize(CENT, rounding=ROUND_HALF_UP)


def plain(value: Decimal) -> str:
    """A decimal without exponent and without needless zeros, for quantities and prices."""
    return format(value.normalize(), "f")


def add_documents(timeline: Timeline, rng: random.Random) -> list:
    """Budgets of all jobs, their commitments with revisions, one void and two closes.

    :return: the history of each commitment, [(moment, data)]
    """
    histories = _commitments(rng)
    _revise(histories, rng)
    _budgets(timeline, histories, rng)
    for history in histories:
        correlation = f"{rng.getrandbits(64):016x}"
        for when, data in history:
            timeline.add(
                when, "commitment.approved", f"commitment/{data['external_id']}", data, correlation
            )
    _endings(timeline, histories)
    return histories


# -- commitments ---------------------------------------------------------------------------


def _vary(rng, low=940, high=1060):
    return Decimal(rng.randint(low, high)) / 1000


def _line(rng, position, row, scale, taxed):
    code, cost_type, description, *measure = row
    line = {
        "line_id": f"{position:03d}",
        "item": str(position),
        "description": description,
        "cost_code": code if rng.random() < 0.8 else {"code": code},
        "cost_type": cost_type,
    }
    if len(measure) == 1:
        value = Decimal(measure[0]) * scale * _vary(rng) / 50
        line["pricing"] = "lump_sum"
        line["amount"] = str(cents(value.quantize(Decimal(1), rounding=ROUND_HALF_UP) * 50))
    else:
        base, uom, price = Decimal(measure[0]), measure[1], Decimal(measure[2])
        step = Decimal(1) if base == base.to_integral_value() else CENT
        line.update(pricing="unit", uom=uom)
        # keep the decimals of the price list: some prices have four
        step_price = Decimal(1).scaleb(price.as_tuple().exponent)
        _price_line(
            line,
            max(step, (base * scale * _vary(rng)).quantize(step)),
            (price * _vary(rng, 970, 1030)).quantize(step_price),
        )
    if taxed:
        _tax_line(line)
    return line


def _price_line(line, quantity, unit_cost):
    line["quantity"], line["unit_cost"] = plain(quantity), plain(unit_cost)
    line["amount"] = str(cents(quantity * unit_cost))


def _tax_line(line):
    line["tax_amount"] = str(cents(Decimal(line["amount"]) * TAX_RATE))
    line["tax_recoverable"] = False


def _total(data):
    data["total"] = str(sum((Decimal(line["amount"]) for line in data["lines"]), Decimal("0.00")))


def _commitments(rng):
    """One history (a list of (moment, data)) per commitment, each with its first version."""
    histories, serial = [], 0
    for job_id, number, _name, _entity, _contract, scale in contractor.JOBS:
        packages = purchases.ROADWAY if number == "26-107" else purchases.BUILDING
        counts: dict[str, int] = defaultdict(int)
        for kind, vendor, title, rows in packages:
            serial += 1
            counts[kind] += 1
            moment = local(
                _workday(rng, 5, 20), rng.randint(8, 16), rng.randrange(60), rng.randrange(60)
            )
            taxed = number == TAXED_JOB and kind == purchases.PO and vendor == "v-2003"
            data = {
                "external_id": f"com-{7000 + serial}",
                "number": f"{number}-{PREFIX[kind]}-{counts[kind]:03d}",
                "kind": kind,
                "title": title,
                "job": job_id if serial % 7 else {"number": number},
                "vendor": vendor,
                "currency": "USD",
                "date": moment.date().isoformat(),
                "approved_by": APPROVERS[serial % len(APPROVERS)],
                "approved_at": moment.isoformat(),
                "revision": 0,
                "url": f"https://platform.example/commitments/{7000 + serial}",
                "lines": [
                    _line(rng, position, row, scale, taxed) for position, row in enumerate(rows, 1)
                ],
            }
            data.update(_terms(rng, kind, moment.date()))
            _total(data)
            histories.append([(moment, data)])
    return histories


def _terms(rng, kind, day):
    later = day + timedelta(days=rng.randint(10, 40))
    if kind == purchases.SUB:
        return {
            "billing_mode": "application",
            "executed_on": day.isoformat(),
            "start_on": later.isoformat(),
            "end_on": (later + timedelta(days=rng.randint(60, 240))).isoformat(),
            "retention": {"work_percent": "10", "stored_percent": "10"},
            "pay_when_paid": True,
            "insurance_required": [{"coverage": "general_liability", "limit": "2000000"}],
        }
    terms = {"billing_mode": "invoice"}
    if kind == purchases.RENT:
        terms.update(
            start_on=later.isoformat(),
            end_on=(later + timedelta(days=rng.randint(30, 150))).isoformat(),
        )
    return terms


def _workday(rng, first, last):
    return rng.choice([day for day in range(first, last + 1) if date(2026, 10, day).weekday() < 5])


# -- revisions -----------------------------------------------------------------------------


def _revise(histories, rng):
    chosen = rng.sample(histories, REVISED)
    for index, history in enumerate(chosen):
        for _again in range(2 if index < REVISED_TWICE else 1):
            moment, data = history[-1]
            data = copy.deepcopy(data)
            data["revision"] += 1
            moment += timedelta(days=rng.randint(1, 3), minutes=rng.randint(1, 90))
            moment += timedelta(days=7 - moment.weekday() if moment.weekday() > 4 else 0)
            data["approved_at"] = moment.isoformat()
            rng.choice((_more_quantity, _new_line, _drop_line, _shift_value, _new_date))(data, rng)
            _total(data)
            history.append((moment, data))


def _more_quantity(data, rng):
    """A take-off corrected; where nothing is priced by quantity the value of a line grows."""
    line = rng.choice(data["lines"][:2])
    growth = Decimal(rng.randint(102, 109)) / 100
    if line["pricing"] == "unit":
        before = Decimal(line["quantity"])
        step = Decimal(1) if before == before.to_integral_value() else CENT
        _price_line(
            line, max(before + step, (before * growth).quantize(step)), Decimal(line["unit_cost"])
        )
    else:
        line["amount"] = str(cents(Decimal(line["amount"]) * growth))
    if "tax_amount" in line:
        _tax_line(line)


def _new_line(data, rng):
    """Something forgotten; the new line continues the numbering and takes a known coding."""
    position = max(int(line["line_id"]) for line in data["lines"]) + 1
    like = data["lines"][0]
    line = {
        "line_id": f"{position:03d}",
        "item": str(position),
        "description": "Freight and offloading" if "uom" in like else "Mobilization",
        "cost_code": like["cost_code"],
        "cost_type": like["cost_type"],
        "pricing": "lump_sum",
        "amount": str(cents(Decimal(rng.randint(8, 48) * 50))),
    }
    if "tax_amount" in like:
        _tax_line(line)
    data["lines"].append(line)


def _drop_line(data, rng):
    """The last line is bought elsewhere; a single line is never dropped."""
    if len(data["lines"]) > 1:
        data["lines"].pop()
    else:
        _new_date(data, rng)


def _shift_value(data, rng):
    """Value moves between two lump sums, the sum stays."""
    sums = [
        line
        for line in data["lines"]
        if line["pricing"] == "lump_sum" and Decimal(line["amount"]) > 5000
    ]
    if len(sums) < 2:
        return _more_quantity(data, rng)
    moved = Decimal(rng.randint(10, 60) * 50)
    sums[0]["amount"] = str(cents(Decimal(sums[0]["amount"]) - moved))
    sums[1]["amount"] = str(cents(Decimal(sums[1]["amount"]) + moved))


def _new_date(data, rng):
    """Only the promise changes; no money moves."""
    for line in data["lines"]:
        line["promised_on"] = f"2026-11-{rng.randint(9, 27):02d}"


# -- budgets -------------------------------------------------------------------------------


def code_of(reference):
    """The code in a reference written as text or as {"code": …}."""
    return reference["code"] if isinstance(reference, dict) else reference


def cost_of(line):
    """What a commitment line costs: its amount plus tax that can't be recovered."""
    tax = Decimal(line.get("tax_amount", "0")) if line.get("tax_recoverable") is False else 0
    return Decimal(line["amount"]) + tax


def _needs(histories):
    """Per job number and (cost code, cost type): the largest need of any version, summed."""
    needs: dict[str, dict] = defaultdict(lambda: defaultdict(Decimal))
    for history in histories:
        peak: dict[tuple, Decimal] = defaultdict(Decimal)
        for _moment, data in history:
            sums: dict[tuple, Decimal] = defaultdict(Decimal)
            for line in data["lines"]:
                sums[code_of(line["cost_code"]), line["cost_type"]] += cost_of(line)
            for key, value in sums.items():
                peak[key] = max(peak[key], value)
        for key, value in peak.items():
            needs[history[0][1]["number"][:6]][key] += value
    return needs


def _budgets(timeline, histories, rng):
    needs = _needs(histories)
    candidates = [
        (number, key) for number in needs for key in needs[number] if needs[number][key] > 20000
    ]
    short = set(rng.sample(candidates, OVER_BUDGET))
    uoms = {
        code: uom for _division, _title, codes in contractor.DIVISIONS for code, _name, uom in codes
    }
    for index, (job_id, number, *_rest) in enumerate(contractor.JOBS):
        lines = []
        for key, need in sorted(needs[number].items()):
            if (number, *key) == UNBUDGETED:
                continue
            factor = Decimal("0.9") if (number, key) in short else _vary(rng, 1080, 1400)
            amount = (need * factor / 500).quantize(Decimal(1), rounding=ROUND_CEILING) * 500
            line = {"line_id": f"{key[0]}.{key[1]}", "cost_code": key[0], "cost_type": key[1]}
            if uoms.get(key[0]) in ("cy", "ton", "sf"):
                quantity, unit_cost = amount / 500, Decimal(500)
                line.update(quantity=plain(quantity), uom=uoms[key[0]], unit_cost=plain(unit_cost))
            lines.append({**line, "amount": str(cents(amount))})
        for code, cost_type, description, base, reserve in purchases.OWN_WORK:
            line = {
                "line_id": f"{code}.{cost_type}",
                "cost_code": code,
                "cost_type": cost_type,
                "description": description,
                "amount": str(cents((Decimal(base) * _vary(rng)).quantize(Decimal(1)))),
            }
            lines.append({**line, "reserve": reserve} if reserve else line)
        first = {
            "external_id": f"bud-{610 + 10 * index}",
            "job": job_id,
            "version": "1",
            "basis": "original",
            "currency": "USD",
            "effective_on": "2026-10-01",
            "lines": lines,
            "approved_by": APPROVERS[index],
            "approved_at": local(2, 9, 10 * index).isoformat(),
        }
        _total(first)
        second = _second_version(first, index, {key for job, key in short if job == number}, rng)
        for data in (first, second):
            _spread(data)
        for moment, data in ((local(2, 9, 10 * index), first), (local(14, 15, index), second)):
            timeline.add(moment, "budget.approved", f"budget/{job_id}", data)


#: by month, in percent of the line; what is left of the cents stands in the last one
SPREAD = (("2026-10", 20), ("2026-11", 35), ("2026-12", 25), ("2027-01", 20))


def _spread(data):
    """When the money is to be spent: planned value of the earned value method."""
    for line in data["lines"]:
        if "reserve" in line:
            continue
        left, parts = Decimal(line["amount"]), []
        for month, percent in SPREAD[:-1]:
            part = cents(Decimal(line["amount"]) * percent / 100)
            parts.append({"month": month, "amount": str(part)})
            left -= part
        line["spread"] = [*parts, {"month": SPREAD[-1][0], "amount": str(left)}]


def _second_version(first, index, short, rng):
    """Before the notice to proceed: contingency is spread over some lines, the sum stays."""
    data = copy.deepcopy(first)
    data.update(
        external_id=f"bud-{611 + 10 * index}",
        version="2",
        effective_on="2026-10-14",
        approved_at=local(14, 15, index).isoformat(),
        note="Buyout review: contingency assigned to trades.",
    )
    reserve = next(line for line in data["lines"] if "reserve" in line)
    open_lines = [
        line
        for line in data["lines"]
        if (line["cost_code"], line["cost_type"]) not in short
        and "reserve" not in line
        and "quantity" not in line
    ]
    for line in rng.sample(open_lines, 5):
        moved = Decimal(rng.randint(4, 24) * 500)
        line["amount"] = str(Decimal(line["amount"]) + moved)
        reserve["amount"] = str(Decimal(reserve["amount"]) - moved)
    _total(data)
    return data


# -- endings -------------------------------------------------------------------------------


def _endings(timeline, histories):
    """One order voided, one closed soft after part of it, one rental closed without use."""
    latest = {history[-1][1]["number"]: history[-1][1] for history in histories}
    voided = latest["26-021-PO-006"]
    timeline.add(
        local(28, 10, 15),
        "commitment.voided",
        f"commitment/{voided['external_id']}",
        {
            "external_id": voided["external_id"],
            "date": "2026-10-28",
            "reason": "The tenant furnishes the casework.",
            "by": "Marcus Oyelaran",
        },
    )
    for number, day, kind, reason in (
        ("26-014-PO-003", 29, "soft", "Forms are reused from another job."),
        ("26-107-RT-001", 30, "final", "Own crane and roller became free."),
    ):
        data = latest[number]
        total = Decimal(data["total"])
        final = cents(total * Decimal("0.7")) if kind == "soft" else Decimal("0.00")
        timeline.add(
            local(day, 14, 30),
            "commitment.closed",
            f"commitment/{data['external_id']}",
            {
                "external_id": data["external_id"],
                "date": f"2026-10-{day}",
                "kind": kind,
                "final_amount": str(final),
                "open_released": str(total - final),
                "retention_balance": "0.00",
                "currency": "USD",
                "reason": reason,
            },
        )
