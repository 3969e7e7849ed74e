"""The event that stands for a vendor's own webhook."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import envelope, strict_json, webhook

SHA = "ab" * 32
NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@given(st.none() | st.text(max_size=300) | st.binary(max_size=20))
def test_identity_is_always_text_the_database_keeps(presented):
    name = webhook.identity(presented, SHA)
    assert name.isascii() and name.isprintable() and 0 < len(name) <= webhook.MAX_IDENTITY


def test_identity():
    assert webhook.identity(" d-1 ", SHA) == "d-1"
    for useless in (None, "", "  ", "é", "a\x00b", "x" * 201, b"bytes"):
        assert webhook.identity(useless, SHA) == SHA


@given(st.none() | st.text(max_size=300))
def test_it_is_a_valid_envelope_but_for_its_time(presented):
    event = webhook.envelope(presented, SHA, NOW)
    sent = strict_json.loads(event.canonical.encode()) | {"time": NOW.isoformat()}
    parsed = envelope.parse(sent)
    for name in ("id", "source", "type", "subject", "data", "object", "fact", "version", "time"):
        assert getattr(parsed, name) == getattr(event, name)


def test_a_repetition_has_the_same_digest_and_another_body_has_not():
    first = webhook.envelope("d-1", SHA, NOW)
    assert first.digest == webhook.envelope("d-1", SHA, datetime(2027, 1, 1, tzinfo=UTC)).digest
    assert first.digest != webhook.envelope("d-1", "cd" * 32, NOW).digest
