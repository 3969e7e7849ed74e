"""What the answer of a subscriber means, and what it is sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from odoo.addons.construction_sync_base.lib import outbound, signatures
from odoo.addons.construction_sync_base.lib.ssrf import Answer


def judged(status, **headers):
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return outbound.judge(Answer(status, CaseInsensitiveDict(named), b""), 1_000_000.0)


@pytest.mark.parametrize(
    ("status", "kind", "faulty"),
    [
        (200, outbound.DONE, False),
        (204, outbound.DONE, False),
        (301, outbound.AGAIN, False),
        (400, outbound.AGAIN, False),
        (401, outbound.AGAIN, False),
        (410, outbound.GONE, False),
        (429, outbound.LATER, False),
        (500, outbound.AGAIN, True),
        (502, outbound.LATER, True),
        (503, outbound.LATER, True),
        (504, outbound.LATER, True),
    ],
)
def test_what_a_status_means(status, kind, faulty):
    found = judged(status)
    assert (found.kind, found.faulty) == (kind, faulty)


@given(st.text(max_size=20))
def test_a_wait_is_between_a_second_and_an_hour_or_not_told(text):
    wait = judged(429, Retry_After=text).wait
    assert wait is None or 1 <= wait <= 3600


def test_a_wait_in_seconds():
    assert judged(503, Retry_After="120").wait == 120


@pytest.mark.parametrize(
    ("words", "event_type", "heard"),
    [
        ("", "construction.period.locked.v1", True),
        ("construction.period.locked.v1", "construction.period.locked.v1", True),
        ("construction.period.locked.v1", "construction.period.locked.v10", False),
        ("construction.job_cost.*", "construction.job_cost.posted.v1", True),
        ("construction.job.*", "construction.job_cost.posted.v1", False),
        ("construction.*", "construction.job_cost.posted.v1", True),
        ("construction.period.*\n construction.budget.*", "construction.budget.posted.v1", True),
    ],
)
def test_filters(words, event_type, heard):
    assert outbound.wants(outbound.filters(words), event_type) is heard


@pytest.mark.parametrize("word", ["*", "period.locked.v1", "construction.*.v1", "construction.A"])
def test_what_is_no_filter(word):
    with pytest.raises(ValueError, match=".+"):
        outbound.filters(word)


@given(st.binary(max_size=200), st.integers(1, 2**33), st.integers(1, 3))
def test_every_secret_that_is_valid_proves_the_message(body, now, count):
    secrets = [signatures.new_secret() for _number in range(count)]
    told = outbound.headers(secrets, "id-1", now, body)
    for secret in secrets:
        assert signatures.verify_standard_webhooks([secret], told, body, now)
    assert not signatures.verify_standard_webhooks([signatures.new_secret()], told, body, now)
    assert not signatures.verify_standard_webhooks(secrets, told, body + b"x", now)
