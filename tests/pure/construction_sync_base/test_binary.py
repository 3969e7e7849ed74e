"""CloudEvents in binary mode: attributes in headers, data in the body."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import envelope
from odoo.addons.construction_sync_base.lib.errors import Malformed

EVENT = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "//platform.example",
    "type": "construction.job.upserted.v1",
    "subject": "job/J1",
    "time": "2026-03-02T10:00:00Z",
    "data": {"external_id": "J1"},
}


def headers(event=EVENT, **changes):
    attributes = {k: v for k, v in event.items() if k != "data"} | changes
    return [(f"Ce-{k.title()}", v) for k, v in attributes.items() if v is not None]


def read(body=None, **changes):
    body = json.dumps(EVENT["data"]).encode() if body is None else body
    (event,) = envelope.binary(headers(**changes), body)
    return event


def test_the_same_event_as_in_structured_mode():
    structured = envelope.split(json.dumps(EVENT).encode(), envelope.STRUCTURED)[0]
    assert read() == structured


def test_extensions_and_other_headers():
    event = read(sequence="007", correlationid="c-1", traceparent="00-a-b-01", myextension="x")
    assert (event.sequence, event.correlation_id, event.traceparent) == ("7", "c-1", "00-a-b-01")
    assert '"myextension":"x"' in event.canonical
    ignored = ["Ce-Data", "Ce-Datacontenttype", "Ce-Under_score", "Ce-", "Authorization"]
    more = [*headers(), *((name, "x") for name in ignored)]
    assert envelope.binary(more, b'{"external_id": "J1"}')[0] == read()


@pytest.mark.parametrize(
    "value, text",
    [
        ("Euro%20%E2%82%AC%20%F0%9F%98%80", "Euro € 😀"),  # the example of the binding
        ("job/J%201", "job/J 1"),
        ('"job/J 1"', "job/J 1"),
        (r'"job/\"J\\1\""', 'job/"J\\1"'),
        ("%22job/J%22", '"job/J"'),
        ('"job/J%201"', "job/J 1"),
        ("100%25", "100%"),
        ("50%2525", "50%25"),  # one round, not two
        ("a+b", "a+b"),
        ('"unfinished', '"unfinished'),
        ("100%", "100%"),
    ],
)
def test_decoding_of_header_values(value, text):
    assert json.loads(read(note=value).canonical)["note"] == text


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=60))
def test_whatever_is_encoded_as_the_binding_says_comes_back(text):
    """Percent-encoded: blank, double quote, percent, and everything outside ASCII."""
    kept = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')
    event = read(note=quote(text, safe=kept))
    assert json.loads(event.canonical)["note"] == text


@pytest.mark.parametrize(
    "changes, reason",
    [
        ({"id": None}, "id is missing"),
        ({"specversion": None}, "specversion"),
        ({"specversion": "0.3"}, "specversion"),
        ({"subject": "J1"}, "subject"),
        ({"time": "yesterday"}, "time"),
        ({"subject": "job/\xe9"}, "percent-encoded"),
        ({"subject": "job/%E9"}, "UTF-8"),
        ({"subject": "job/%0A"}, "control character"),
        ({"note": "x" * 513}, "longer"),
        ({"note": "%00"}, "control character"),
    ],
)
def test_malformed(changes, reason):
    error = read(**changes)
    assert isinstance(error, Malformed) and reason in str(error)


def test_malformed_bodies_name_the_event():
    for body in (b"", b"{", b"[]", b'"text"', b"null", b'{"a": NaN}', b'{"a":1,"a":2}'):
        error = read(body)
        assert isinstance(error, Malformed) and error.event_id == "e-1"


@given(
    st.lists(st.tuples(st.text(max_size=20).map("ce-{}".format), st.text(max_size=50))), st.binary()
)
def test_never_raises(pairs, body):
    (event,) = envelope.binary(pairs, body)
    assert isinstance(event, Malformed)
