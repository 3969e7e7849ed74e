"""What may stand in a log line."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import logs

TOKENS = {
    "signing secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "bearer": "Bearer 4f1e0c2b",
    "basic": "basic dXNlcjpwYXNz",
    "fernet": "gAAAAABnQ0Rk3kK8d1s2",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "api key": "0123456789abcdef0123456789abcdef01234567",
    "url-safe token": "xW3v0QzJ8bYt5nKc1LrPqDf7GhUeMaSi2ToVj4Ny6Xw",
}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize("around", ["{}", "a {} b", '{{"x": "{}"}}', "k={}&l=1", "({})", "\n{}\n"])
def test_tokens_are_masked_wherever_they_stand(token, around):
    line = logs.shown(around.format(token))
    assert token.split()[-1] not in line and logs.MASK in line


def test_parts_of_addresses_are_masked():
    line = logs.shown("https://user:canary@x.test/?token=canary&key=canary&a=b password=canary;")
    assert "canary" not in line and "a=b" in line and "x.test" in line


def test_half_a_token_does_not_survive_the_cut():
    token = TOKENS["signing secret"]
    for start in range(logs.CAP - len(token) - 5, logs.CAP + 5):
        line = logs.shown("." * start + " " + token)
        assert "whsec" not in line or logs.MASK in line
        assert token[:9] not in line


def test_ordinary_texts_stay():
    for text in (
        "26-0101",
        "commitment/C-1",
        "Job A, phase 2",
        "0f8fad5b-d9cb-469f-a165-70867728950e",
    ):
        assert logs.shown(text) == f'"{text}"'


@pytest.mark.parametrize(
    "text",
    ["\nWARNING forged", "\r\n2026-11-22 05:00:00,000 1 ERROR db odoo: forged", "a\x1b[31mred",
     "\x85next", "\u2028line", "\0", "\ud800", "\x9b2J", "‮forged"],
)  # fmt: skip
def test_nobody_forges_a_line(text):
    line = logs.shown(text)
    assert line.isascii() and line.isprintable()


@given(st.text() | st.binary() | st.lists(st.text()) | st.none() | st.floats())
def test_always_one_short_line(value):
    line = logs.shown(value)
    assert line.isascii() and line.isprintable() and len(line) <= 6 * (logs.CAP + 1) + 2


class Diagnosed(Exception):
    """Looks like psycopg2's errors."""

    def __init__(self, primary, code):
        super().__init__(f"{primary}\nDETAIL:  Failing row contains (1, canary).")
        self.diag = type("Diag", (), {"message_primary": primary})
        self.pgcode = code


def test_an_error_of_the_database_says_its_constraint_and_no_row():
    error = Diagnosed('new row violates check constraint "x"', "23514")
    assert logs.said(error) == 'new row violates check constraint "x"'
    quoting = Diagnosed('invalid input syntax for type integer: "canary"', "22P02")
    assert "canary" not in logs.said(quoting) and "22P02" in logs.said(quoting)
    assert logs.said(ValueError("x")) == "x"


def fail(error):
    raise error


@pytest.mark.parametrize(
    "error",
    [KeyError("canary"), ValueError("a\ncanary"), Diagnosed("check constraint", "23514"),
     Diagnosed('integer: "canary"', "22P02")],
    ids=repr,
)  # fmt: skip
def test_a_trace_is_one_line_and_quotes_nothing(error):
    try:
        fail(error)
    except Exception as caught:
        line = logs.trace(caught)
    assert line.startswith(f"{type(error).__name__} at test_logs.py:")
    assert "fail < test_logs.py:" in line
    assert "canary" not in line and "\n" not in line


def test_failed_queries_hide_their_values_where_the_values_are_of_others(caplog):
    logger = logging.getLogger("test.sql_db")
    hide = logs.HideValues()
    logger.addFilter(hide)
    query = b'INSERT INTO "res_partner" ("name") VALUES (\'canary\nERROR forged\')'
    error = Diagnosed("check constraint", "23514")
    logger.error("bad query: %s\nERROR: %s", query, error)
    assert "canary" in caplog.text, "Odoo's own line, outside"
    caplog.clear()
    with logs.private():
        logger.error("bad query: %s\nERROR: %s", query, error)
        logger.error("another %s", "line")
    first, second = [record.getMessage() for record in caplog.records]
    assert first == r'bad query, values hidden: "INSERT INTO \"res_partner\"" …: "check constraint"'
    assert second == "another line"
    caplog.clear()
    logger.error("bad query: %s\nERROR: %s", query, error)
    assert "canary" in caplog.text, "and afterwards as before"
    logger.removeFilter(hide)


def test_the_access_log_has_no_query_of_our_addresses(caplog):
    logger = logging.getLogger("test.werkzeug")
    hide = logs.HideQuery()
    logger.addFilter(hide)
    with caplog.at_level("INFO"):
        line = "POST /construction_sync/v1/x/events?token=canary HTTP/1.1"
        logger.info('::1 - - [now] "%s" %s %s', line, 401, "-")
        logger.info('::1 - - [now] "%s" %s %s', "\x1b[33m" + line + "\x1b[0m", 404, 7)
        logger.info('::1 - - [now] "%s" %s %s', "GET /web?debug=1 HTTP/1.1", 200, 12)
        logger.info("no arguments")
    logger.removeFilter(hide)
    assert "canary" not in caplog.text
    assert '"POST /construction_sync/v1/x/events?*** HTTP/1.1" 401 -' in caplog.text
    assert "/web?debug=1" in caplog.text and "no arguments" in caplog.text
