"""CloudEvents envelopes: contract, "Envelope" and "Answers"."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import envelope
from odoo.addons.construction_sync_base.lib.envelope import BATCH, STRUCTURED, Envelope, parse
from odoo.addons.construction_sync_base.lib.errors import Malformed


def event(**changes):
    result = {
        "specversion": "1.0",
        "id": "evt-1",
        "source": "/procore/1",
        "type": "construction.commitment.approved.v1",
        "subject": "commitment/SC-1",
        "time": "2026-11-03T14:21:07-08:00",
        "data": {"external_id": "SC-1"},
    } | changes
    return {key: value for key, value in result.items() if value is not ...}


def body(value):
    return json.dumps(value).encode()


def test_a_whole_event():
    found = parse(event(sequence="0017", correlationid="c", traceparent="00-ab-cd-01"))
    assert (found.object, found.fact, found.version) == ("commitment", "approved", 1)
    assert found.sequence == "17" and found.correlation_id == "c"
    assert found.time == datetime(2026, 11, 3, 22, 21, 7, tzinfo=UTC)
    assert found.traceparent == "00-ab-cd-01" and found.data == {"external_id": "SC-1"}
    assert len(found.digest) == 64 and found.canonical.startswith('{"correlationid":"c","data":')


def test_extensions_are_optional_and_null_is_absent():
    for missing in (..., None):
        found = parse(event(sequence=missing, correlationid=missing, traceparent=missing))
        assert (found.sequence, found.correlation_id, found.traceparent) == (None, None, None)


@pytest.mark.parametrize("name", ["id", "source", "type", "subject", "time"])
@pytest.mark.parametrize(
    "value", [..., None, "", 5, True, ["x"], "x/" + "y" * 511, "a/b\n", "a/\x7f", "a/\x9b[31m"]
)
def test_required_attributes(name, value):
    with pytest.raises(Malformed) as caught:
        parse(event(**{name: value}))
    assert caught.value.event_id == (None if name == "id" else "evt-1")


@pytest.mark.parametrize("name", ["correlationid", "traceparent", "sequence"])
@pytest.mark.parametrize("value", [True, ["x"], {}, "1" * 513, "1\r\n2"])
def test_optional_attributes(name, value):
    with pytest.raises(Malformed, match=name):
        parse(event(**{name: value}))


def test_longest_attributes():
    found = parse(event(subject="x/" + "y" * 510, type="t" * 255, sequence="9" * 512))
    assert len(found.subject) == 512 and found.sequence == "9" * 512
    with pytest.raises(Malformed, match="255"):
        parse(event(type="t" * 256))


@pytest.mark.parametrize("value", ["0.3", "1.1", 1, ..., None])
def test_specversion(value):
    with pytest.raises(Malformed, match="specversion"):
        parse(event(specversion=value))


@pytest.mark.parametrize("value", ["commitment", "/1", "commitment/", "/"])
def test_subject_has_two_parts(value):
    with pytest.raises(Malformed, match="subject"):
        parse(event(subject=value))


def test_the_id_of_a_subject_may_hold_anything_visible():
    assert parse(event(subject="commitment/a/b c é")).subject == "commitment/a/b c é"


@pytest.mark.parametrize(
    ("event_type", "parts"),
    [
        ("construction.budget_change.approved.v2", ("budget_change", "approved", 2)),
        ("construction.equipment.meter.read.v12", ("equipment.meter", "read", 12)),
        ("construction.commitment.approved.v0", ("", "", 0)),
        ("construction.commitment.approved.v" + "9" * 200, ("", "", 0)),
        ("construction.commitment.approved", ("", "", 0)),
        ("com.example.something", ("", "", 0)),
        ("?", ("", "", 0)),
    ],
)
def test_33_an_unknown_type_is_no_fault_of_the_envelope(event_type, parts):
    found = parse(event(type=event_type))
    assert (found.object, found.fact, found.version) == parts and found.type == event_type


@pytest.mark.parametrize(
    ("value", "expected"),
    [("0", "0"), ("000", "0"), (0, "0"), (17, "17"), ("9" * 30, "9" * 30), (10**39, str(10**39))],
)
def test_sequence(value, expected):
    assert parse(event(sequence=value)).sequence == expected


@pytest.mark.parametrize("value", ["", "-1", -1, "1.0", "1e3", "a", "٣", "+1", " 1", 1.5, False])
def test_sequence_is_decimal_digits(value):
    with pytest.raises(Malformed, match="sequence"):
        parse(event(sequence=value))


@pytest.mark.parametrize("value", [..., None, "text", [], 1])
def test_data_is_an_object(value):
    with pytest.raises(Malformed, match="data"):
        parse(event(data=value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-11-03T14:21:07Z", (2026, 11, 3, 14, 21, 7)),
        ("2026-11-03t14:21:07z", (2026, 11, 3, 14, 21, 7)),
        ("2026-11-30T23:30:00-08:00", (2026, 12, 1, 7, 30)),
        ("2026-11-03T14:21:07.1234567+05:30", (2026, 11, 3, 8, 51, 7, 123456)),
        ("2016-12-31T23:59:60Z", (2017, 1, 1)),
        ("2016-12-31T23:59:60.5Z", (2017, 1, 1)),
        ("1970-01-01T00:00:00+14:00", (1969, 12, 31, 10)),
        ("9998-12-31T23:59:59-14:00", (9999, 1, 1, 13, 59, 59)),
    ],
)
def test_72_time(value, expected):
    assert parse(event(time=value)).time == datetime(*expected, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-03",
        "2026-11-03T14:21:07",
        "2026-11-03 14:21:07Z",
        "20261103T142107Z",
        "2026-02-30T00:00:00Z",
        "2026-11-03T24:00:01Z",
        "2026-11-03T14:21:61Z",
        "2026-11-03T14:21:07+24:00",
        "2026-11-03T14:21:07+0100",
        "٢٠٢٦-11-03T14:21:07Z",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-W01-1T00:00:00Z",
    ],
)
def test_72_time_refused(value):
    with pytest.raises(Malformed, match="time"):
        parse(event(time=value))


@given(st.datetimes(datetime(1970, 1, 2), datetime(9998, 12, 30)), st.integers(-1439, 1439))
def test_any_time_with_offset_is_the_same_instant(moment, minutes):
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    value = f"{moment.isoformat()}{sign}{hours:02}:{rest:02}"
    assert parse(event(time=value)).time == datetime.fromisoformat(value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(
    json_values
    | st.dictionaries(st.sampled_from(sorted(event())), json_values).map(
        lambda changes: event() | changes
    )
)
def test_anything_is_an_envelope_or_malformed(value):
    try:
        assert isinstance(parse(value), Envelope)
    except Malformed as error:
        assert "\n" not in str(error)


def test_20_same_content_has_the_same_digest():
    first = envelope.split(body(event()), STRUCTURED)[0]
    again = json.dumps(dict(reversed(event().items())), indent=2).encode()
    assert envelope.split(again, STRUCTURED)[0].digest == first.digest
    other = envelope.split(body(event(data={"external_id": "SC-2"})), STRUCTURED)[0]
    assert other.digest != first.digest and other.id == first.id


@pytest.mark.parametrize(
    "value", [b"", b"null", b"[]", b"5", b"[" * 10**6, b"\xff", '{"id":"x"}'.encode("utf-16")]
)
def test_27_unreadable_bodies(value):
    (found,) = envelope.split(value, STRUCTURED)
    assert isinstance(found, Malformed) and found.event_id is None
    (found,) = envelope.split(value or b"x", BATCH) or [None]
    assert found is None if value == b"[]" else isinstance(found, Malformed)


@pytest.mark.parametrize(
    ("value", "event_id"),
    [
        (b'{"id":"a","data":{"x":1,"x":2}}', "a"),
        (b'{"id":"a","x":NaN,"y":' + b"1" * 5000 + b"}", "a"),
        (b'\xef\xbb\xbf{"id":"a"}', "a"),
        (b'{"id":"a","x":"\x01"}', "a"),
        (b'{"id":"a","x":"\xff"}', "a"),
        (b'{"id":"a\xff"}', None),
        (b'{"id":"a\\ud800"}', None),
        (b'{"id":"a\\u0000"}', None),
        (b'{"id":"a","id":"b"}', None),
        (b'{"id":5,"x":NaN}', None),
        (b'{"id":"a","x":', None),
        (b'{"id":"' + b"a" * 513 + b'"}', None),
        (b'{"id":"a"}', "a"),
    ],
)
def test_the_id_of_a_refused_event_is_read_where_it_can_be(value, event_id):
    (single,) = envelope.split(value, STRUCTURED)
    assert isinstance(single, Malformed) and single.event_id == event_id
    if not value.startswith(b"\xef") and b"\xff" not in value and value.endswith(b"}"):
        good, bad = envelope.split(b"[" + body(event()) + b"," + value + b"]", BATCH)
        assert good.id == "evt-1" and bad.event_id == event_id


def test_mimetype_with_parameters():
    (found,) = envelope.split(body([event()]), "Application/CloudEvents-Batch+JSON; charset=utf-8")
    assert found.id == "evt-1"
    (found,) = envelope.split(body([event()]), STRUCTURED)
    assert isinstance(found, Malformed)


def test_a_batch_keeps_its_order_and_its_good_events():
    events = [event(id=f"e{i}") for i in range(1000)]
    events[500] = event(id="bad", subject=...)
    found = envelope.split(body(events), BATCH)
    assert [e.id for e in found if isinstance(e, Envelope)] == [
        f"e{i}" for i in range(1000) if i != 500
    ]
    assert isinstance(found[500], Malformed) and found[500].event_id == "bad"


def test_a_batch_holds_at_most_1000_events():
    (found,) = envelope.split(body([event()] * 1001), BATCH)
    assert isinstance(found, Malformed) and "1000" in str(found)
    assert envelope.split(b"[]", BATCH) == []


@pytest.mark.parametrize("char", ["a", "é"])
def test_an_event_of_a_batch_is_at_most_1_mib(char):
    def size(count):
        content = {"content_base64": char * (count // len(char.encode()))}
        return json.dumps([event(data=content)], ensure_ascii=False).encode()

    (found,) = envelope.split(size(1024 * 1024 - 300), BATCH)
    assert found.id == "evt-1"
    (found,) = envelope.split(size(1024 * 1024), BATCH)
    assert isinstance(found, Malformed) and found.event_id == "evt-1"
