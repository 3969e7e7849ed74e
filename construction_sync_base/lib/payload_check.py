"""What a partner's payload would meet, told without a database: the checks of envelope,
schema, numbers and sums that an event goes through in Odoo.

What only Odoo knows stays open: whether a job, vendor or code exists, and whether its
currency is active.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

import difflib
import json
from collections import Counter
from dataclasses import dataclass, field

from jsonschema import Draft202012Validator, FormatChecker

from . import attachment, envelope, envelope_schema, money, schema_check, sov, strict_json
from .errors import AmountError, Malformed, _
from .schema_check import Fault

LIMIT = 100  # faults of one event that are told
# ISO 4217: minor units of the currencies that have not two
_DECIMALS = dict.fromkeys("BHD IQD JOD KWD LYD OMR TND".split(), 3) | dict.fromkeys(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(), 0
)
_ENVELOPE = Draft202012Validator(
    {
        "type": "object",
        "required": [*envelope_schema.REQUIRED, "data"],
        "properties": envelope_schema.ATTRIBUTES | {"data": {"type": "object"}},
    },
    format_checker=FormatChecker(),
)


@dataclass(slots=True)
class Report:
    """What was found about one event.

    :param where: keys and positions from the payload down to the event
    :param label: what the event calls itself, for people
    :param faults: why it would not be applied
    :param notes: what the sender should know although it would be
    """

    where: tuple
    label: str
    faults: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def json_path(where):
    """RFC 9535, in its short form where the names allow it."""
    text = "$"
    for part in where:
        plain = isinstance(part, str) and part.isidentifier()
        text += f".{part}" if plain else f"[{json.dumps(part)}]"
    return text


class Checker:
    """Checks payloads against schema files.

    :param files: {event type: path of its schema file}
    :param versions: {event type: its `lib.catalogue.TypeVersion`}
    """

    def __init__(self, files, versions):
        self.files, self.versions = files, versions

    def check(self, body, event_type=None):
        """A Report per event of a body: one event, a batch, or bare data of one type.

        :param body: bytes
        :param event_type: the body is `data` of this type, or a list of such
        """
        try:
            value = strict_json.loads(body)
        except Malformed as error:
            # a batch may be larger than an event: its limits hold per item
            return self._batch(body) if body.lstrip().startswith(b"[") else [_unreadable(error)]
        if event_type:
            return self._bare(value, event_type)
        if isinstance(value, list):
            return self._batch(body)
        return [self._event(value, ())]

    def _batch(self, body):
        try:
            items = strict_json.loads_items(body, envelope.MAX_BATCH)
        except Malformed as error:
            return [_unreadable(error)]
        return [
            _unreadable(value, (position,))
            if isinstance(value, Malformed)
            else self._event(value, (position,))
            for position, (value, _text) in enumerate(items)
        ]

    def _bare(self, value, event_type):
        rows = enumerate(value) if isinstance(value, list) else [(None, value)]
        reports = []
        for position, data in rows:
            where = () if position is None else (position,)
            reports.append(self.check_data(data, event_type, where))
        return reports

    def check_data(self, data, event_type, where=()):
        """The Report of bare data that is parsed already.

        :param where: keys and positions that its faults start with
        """
        report = Report(where, _name(data) or event_type)
        self._data(report, event_type, _plain(data), where)
        return report

    # ---------------------------------------------------------------- one event
    def _event(self, event, where):
        if not isinstance(event, dict):
            return _unreadable(Malformed("an event must be a JSON object"), where)
        label = " ".join(str(event[key]) for key in ("type", "id") if key in event)
        report = Report(where, label or "event without type and id")
        for fault in _one_each(map(schema_check.worded, _ENVELOPE.iter_errors(_plain(event)))):
            report.faults.append(Fault((*where, *fault.where), "malformed", *_texts(fault)))
        try:
            envelope.parse(event)
        except Malformed as error:
            if not report.faults:
                hint = "See the table of the envelope in docs/contract.md."
                report.faults.append(Fault(where, "malformed", str(error), hint))
        if isinstance(event.get("type"), str) and isinstance(event.get("data"), dict):
            self._subject(report, event)
            self._data(report, event["type"], _plain(event["data"]), (*where, "data"))
        return report

    def _subject(self, report, event):
        """Events of one record are ordered by a subject that all of them share."""
        version = self.versions.get(event["type"])
        wanted = version and version.object
        if wanted == "record":  # linked, merged, deleted: of any object
            wanted = event["data"].get("object")
        named = str(event.get("subject", "")).partition("/")[0]
        if wanted and named and named != wanted:
            report.notes.append(
                f"subject starts with “{named}”; events of one record are ordered only where "
                f"all of them say “{wanted}/…”, or name what they correct"
            )

    def _data(self, report, event_type, data, where):
        path = self.files.get(event_type)
        if path is None or self.versions[event_type].internal:
            report.faults.append(Fault(where[:-1], "schema", *self._unknown(event_type)))
            return
        self._age(report, self.versions[event_type])
        found = _one_each(schema_check.faults(str(path), data, LIMIT))
        broken = {fault.where for fault in found}
        schema, decimals = schema_check.load(path), _decimals(data)
        found += [
            fault
            for fault in schema_check.number_faults(schema, data, decimals)
            if fault.where not in broken
        ]
        broken = {fault.where for fault in found}
        ranges = schema_check.range_faults(str(path), data)
        found += [fault for fault in ranges if fault.where not in broken]
        if not found:
            found = _sum_faults(schema, data, decimals)
            found += [
                Fault(where, "schema", *str(error).rsplit(". ", 1))
                for where, error in attachment.faults(data)
            ]
        report.faults += [
            Fault((*where, *fault.where), fault.category, *_texts(fault)) for fault in found
        ]

    def _unknown(self, event_type):
        known = [name for name, version in self.versions.items() if not version.internal]
        near = difflib.get_close_matches(event_type, known, 1, 0.75)
        hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(sorted(known))}."
        return f"“{event_type}” is not a type of this release", hint

    def _age(self, report, version):
        if version.deprecated_on:
            end = f", understood until {version.sunset_on} at least" if version.sunset_on else ""
            then = f": send {version.successor} instead" if version.successor else ""
            report.notes.append(f"deprecated from {version.deprecated_on}{end}{then}")


def _sum_faults(schema, data, decimals):
    """Rules of money that hold between fields (contract, "Money and measure" 8 and 14).
    Prices lead nowhere but where the schema knows a way of pricing."""
    lines = data.get("lines")
    of_line = schema["properties"].get("lines", {}).get("items", {}).get("properties", {})
    if not isinstance(lines, list) or not all("amount" in line for line in lines):
        return []
    found, amounts = [], []
    ids = Counter(line.get("line_id") for line in lines if line.get("line_id"))
    for position, line in enumerate(lines):
        amounts.append(money.parse_amount(line["amount"], decimals, signed=True))
        if ids[line.get("line_id")] > 1:
            text = f"line id “{line['line_id']}” occurs more than once"
            found.append(Fault(("lines", position, "line_id"), "schema", text, "Keep it unique."))
        if "pricing" in of_line:
            found += _price_faults(line, position, amounts[-1], decimals)
    try:
        total = data.get("total")
        total = None if total is None else money.parse_amount(total, decimals)
        if sov.check_total(total, amounts) < 0:
            raise AmountError(_("the lines add up to less than zero"))
    except AmountError as error:
        found.append(
            Fault(("total",), "amount", str(error), "Send lines that add up, or leave it out.")
        )
    return found


def _price_faults(line, position, amount, decimals):
    quantity, unit_cost = (
        None if line.get(name) is None else parse(line[name], signed=True)
        for name, parse in (("quantity", money.parse_quantity), ("unit_cost", money.parse_price))
    )
    try:
        sov.line_method(line.get("pricing"), quantity, unit_cost, amount, decimals)
    except AmountError as error:
        hint = "The amount leads: correct it, the price, or send pricing lump_sum."
        return [Fault(("lines", position), "amount", str(error), hint)]
    return []


def _unreadable(error, where=()):
    hint = "Send JSON in UTF-8 within the limits of the contract."
    return Report(where, "unreadable", [Fault(where, "malformed", str(error), hint)])


def _one_each(faults):
    """Without those that give the same advice about the same place."""
    return list({(fault.where, fault.hint): fault for fault in faults}.values())


def _plain(value):
    """As the drain reads what was stored: a number with a fraction is a float again."""
    return json.loads(strict_json.dumps(value))


def _decimals(data):
    return _DECIMALS.get(data.get("currency") if isinstance(data, dict) else None, 2)


def _name(data):
    return str(data["external_id"])[:80] if isinstance(data, dict) and "external_id" in data else ""


def _texts(fault):
    return fault.message, fault.hint
