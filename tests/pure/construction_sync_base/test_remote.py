"""What answers of other systems mean, the broken ones first (faults 38, 40, 43)."""

import json
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from odoo.addons.construction_sync_base.lib import remote
from odoo.addons.construction_sync_base.lib.ssrf import Answer

NOW = 1_800_000_000.0
JSON = {"Content-Type": "application/json; charset=utf-8"}


def read(status=200, body=b"{}", headers=JSON, **more):
    return remote.read(Answer(status, CaseInsensitiveDict(headers), body), NOW, **more)


@pytest.mark.parametrize("status,verdict", [
    (200, "done"), (201, "done"), (204, "done"), (301, "refused"), (302, "refused"),
    (400, "refused"), (401, "token"), (403, "refused"), (404, "refused"), (408, "again"),
    (409, "refused"), (410, "gone"), (421, "again"), (422, "refused"), (425, "again"),
    (429, "later"), (500, "again"), (502, "again"), (503, "again"), (504, "again"), (599, "again"),
])  # fmt: skip
def test_status(status, verdict):
    assert read(status).verdict == verdict


@pytest.mark.parametrize("body,headers", [
    (b"<html>Sign in</html>", {"Content-Type": "text/html"}),
    (b"<html>Sign in</html>", JSON),
    (b'{"results":[{"id":1},{"id"', JSON),
    (b'[{"id": 1}', {}),
    (b'{"a": NaN}', JSON),
    (b"\xff\xfe{}", JSON),
])  # fmt: skip
def test_an_answer_that_is_none_is_no_empty_list(body, headers):
    """Status 200 with an error page, or JSON cut off: to be asked again."""
    reading = read(200, body, headers)
    assert (reading.verdict, reading.value) == ("again", None)
    assert reading.text


def test_no_body():
    assert read(204, b"", {}) == remote.Reading("done", None, None)
    assert read(200, b" \n", JSON).verdict == "done"
    assert read(200, b" \n", JSON, expects_body=True).verdict == "again"
    assert read(204, b"", {}, expects_body=True).verdict == "done"


def test_numbers_are_not_rounded():
    assert read(200, b'{"amount": 0.1, "id": 598134325841112}').value == {
        "amount": "0.1", "id": 598134325841112,
    }  # fmt: skip


@pytest.mark.parametrize("text,wait", [
    ("120", 120), ("0", 1), ("-5", 1), ("1000000000", 3600), ("9" * 400, 3600), ("soon", None),
    ("1.5", None), ("", None), ("٣", None),
    (format_datetime(datetime.fromtimestamp(NOW + 90, UTC), usegmt=True), 90),
    (format_datetime(datetime.fromtimestamp(NOW - 90, UTC), usegmt=True), 1),
    ("Fri, 31 Dec 9999 23:59:59 GMT", 3600), ("Mon, 99 Nov 2026 00:00:00 GMT", None),
])  # fmt: skip
def test_retry_after(text, wait):
    assert read(503, b"", {"Retry-After": text}).wait == wait
    assert read(429, b"", {"Retry-After": text}).wait == (wait or remote.SHORTEST)


@pytest.mark.parametrize("remaining,reset,wait", [
    ("0", NOW + 8, 8), ("1", NOW + 8, None), ("0", NOW - 8, 1), ("0", NOW + 1e9, 3600),
    ("0", None, None), (None, NOW + 8, None),
])  # fmt: skip
def test_a_limit_that_is_used_up_asks_to_wait_too(remaining, reset, wait):
    """Also where the call was still answered: the next one would not be."""
    headers = JSON | {
        name: f"{value:.0f}" if isinstance(value, float) else value
        for name, value in (("X-Rate-Limit-Remaining", remaining), ("X-Rate-Limit-Reset", reset))
        if value is not None
    }
    assert read(200, b"{}", headers).wait == wait
    assert read(200, b"{}", headers | {"Retry-After": "2"}).wait == 2, "what is said outright"


words = st.text(max_size=40) | st.integers().map(str) | st.datetimes().map(format_datetime)


@given(words, words | st.just("0"), words)
def test_headers_of_any_kind_ask_for_no_more_than_an_hour(after, remaining, reset):
    headers = {"Retry-After": after, "X-Rate-Limit-Remaining": remaining,
               "X-Rate-Limit-Reset": reset}  # fmt: skip
    wait = remote.told_wait(CaseInsensitiveDict(headers), NOW)
    assert wait is None or remote.SHORTEST <= wait <= remote.LONGEST


names = st.sampled_from(("message", "detail", "errors", "error", "title", "x"))
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
)


@given(
    st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([200, 404, 500]),
)
def test_bytes_of_any_kind_are_read(body, status):
    assert read(status, body).verdict in ("done", "again", "refused")


@pytest.mark.parametrize("body,text", [
    (b'{"errors": {"number": ["has been taken"], "base": "is locked"}}',
     "number: has been taken; base: is locked"),
    (b'{"errors": [{"title": "Bad", "detail": "No such vendor"}]}', "No such vendor"),
    (b'{"error": "invalid_grant", "error_description": "gone"}', "gone"),
    (b'{"message": "two\\nlines"}', "two lines"),
    (b'{"detail": "Bearer abcdef is not valid"}', "*** is not valid"),
    (b"[1, 2]", "status 422"),
    (b"", "status 422"),
    (b"<html>", "status 422"),
])  # fmt: skip
def test_what_they_say_about_it(body, text):
    assert read(422, body).text == text


def test_what_they_say_is_short():
    assert len(read(422, b'{"message": "%s"}' % (b"word " * 1000)).text) <= remote.MOST
