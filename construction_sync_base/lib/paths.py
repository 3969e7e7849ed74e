"""Expressions that read a record of another system (JMESPath), with the few functions that
such records need: texts, plain decimals, days and translated values.

An expression only reads what it is given: it cannot call out, import or change anything.
"""

import re
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from functools import lru_cache

import jmespath
from jmespath import exceptions, functions

LONGEST = 2000  # characters of an expression
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?!\d)")
_MONEY = re.compile(r"[\s$€£,]")
_ANY = {"types": []}


class Unreadable(ValueError):
    """The expression is none, or does not fit what it was applied to. For people."""


class _Functions(functions.Functions):
    @functions.signature(_ANY)
    def _func_text(self, value):
        """The value as text; null where it is empty or no single value."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if value is None or isinstance(value, dict | list):
            return None
        return str(value).strip() or None

    @functions.signature(_ANY)
    def _func_decimal(self, value):
        """A number as a plain decimal in text: `$1,087.80` and `1.08780e3` are 1087.80; what is
        none stays as it is, and is refused with its place."""
        text = self._func_text(value)
        if text is None:
            return None
        try:
            number = Decimal(_MONEY.sub("", text)[:64])
        except InvalidOperation:
            return text
        return f"{number:f}" if number.is_finite() and abs(number.adjusted()) < 64 else text

    @functions.signature(_ANY)
    def _func_day(self, value):
        """The calendar day at the beginning of a date or an instant."""
        found = _DAY.match(self._func_text(value) or "")
        return found[1] if found else None

    @functions.signature(_ANY, {"types": ["object"]})
    def _func_choose(self, value, choices):
        """What the value stands for; null where that is not said."""
        return choices.get(self._func_text(value) or "")


_OPTIONS = jmespath.Options(custom_functions=_Functions())


@lru_cache(maxsize=2048)
def _compiled(expression):
    if len(expression) > LONGEST:
        raise Unreadable(f"longer than {LONGEST} characters")
    try:
        return jmespath.compile(expression)
    except (exceptions.JMESPathError, RecursionError) as error:
        raise Unreadable(_first_line(error)) from None


def check(expression):
    """:raises Unreadable: it is no expression"""
    parsed = _compiled(expression)
    with suppress(exceptions.JMESPathTypeError):  # it wants something to read
        try:
            parsed.search(None, _OPTIONS)
        except (exceptions.UnknownFunctionError, exceptions.ArityError, RecursionError) as error:
            raise Unreadable(_first_line(error)) from None


def find(expression, value):
    """What the expression finds in a record, None where it finds nothing.

    :raises Unreadable: it does not fit the record
    """
    try:
        return _compiled(expression).search(value, _OPTIONS)
    except (exceptions.JMESPathError, RecursionError, TypeError, ValueError) as error:
        raise Unreadable(_first_line(error)) from None


def text(expression, value):
    """What is found, as text; None where it is nothing, or no single value."""
    found = find(expression, value)
    if found is None or isinstance(found, bool | dict | list):
        return None
    return str(found).strip() or None


def _first_line(error):
    return (str(error) or type(error).__name__).split("\n")[0][:200]
