"""What may stand in a log line."""

import ast
import logging
from pathlib import Path

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
    longest = 12 * (logs.CAP + 1) + 2  # a character beyond the first plane is two escapes
    assert line.isascii() and line.isprintable() and len(line) <= longest


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


ADDONS = Path(__file__).resolve().parents[3].glob("construction_sync_*")
ID_NAMES = {"id", "ids", "token", "attempt", "lane"}  # all of our own making


def log_calls():
    """(file, line, call) of every use of a module's `_logger`, tests aside."""
    for addon in ADDONS:
        for path in addon.rglob("*.py"):
            if "tests" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    if getattr(node.func.value, "id", None) in ("_logger", "logger"):
                        yield f"{path.name}:{node.lineno}", node


def harmless(node):
    """An id, a number, or what this library made of something else."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.BinOp):
        return harmless(node.left) and harmless(node.right)
    if isinstance(node, ast.Name):
        return node.id in ID_NAMES
    if isinstance(node, ast.Attribute):
        return node.attr in ID_NAMES
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Constant) and node.slice.value in ID_NAMES
    called = node.func if isinstance(node, ast.Call) else None
    if isinstance(called, ast.Attribute):
        return getattr(called.value, "id", None) == "logs"
    return isinstance(called, ast.Name) and called.id in ("len", "timedelta")


def test_our_loggers_log_ids_and_masked_lines_only():
    """Whatever else a line needs goes through `logs.shown` or `logs.trace`; no traceback, as
    its last line is the error's text."""
    calls = list(log_calls())
    assert len(calls) >= 8
    for where, call in calls:
        assert call.func.attr != "exception", where
        assert not [keyword.arg for keyword in call.keywords], where
        text, *values = call.args
        assert isinstance(text, ast.Constant), where
        assert all(map(harmless, values)), where
