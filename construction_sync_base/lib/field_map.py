"""A record of another system as the data of an event, by one expression for each field."""

from . import paths, strict_json


def data(expressions, record):
    """The data. What is found nowhere is left out, so that it clears nothing.

    :param expressions: {field: expression}
    :raises paths.Unreadable: names the field
    """
    found = {}
    for name, expression in expressions.items():
        try:
            value = without_nulls(paths.find(expression, record))
        except paths.Unreadable as error:
            raise paths.Unreadable(f"{name}: {error}") from None
        if value is not None:
            found[name] = value
    return found


def without_nulls(value):
    """The value without the keys that have none, at any depth; an object of them is none."""
    if isinstance(value, dict):
        kept = {name: without_nulls(inner) for name, inner in value.items()}
        kept = {name: inner for name, inner in kept.items() if inner is not None}
        return kept or None
    if isinstance(value, list):
        return [inner for inner in map(without_nulls, value) if inner is not None]
    return value


def text(value):
    """Canonical text.

    :raises paths.Unreadable: an expression made what JSON cannot hold
    """
    try:
        return strict_json.dumps(value)
    except (TypeError, ValueError) as error:
        raise paths.Unreadable(str(error)) from None


def digest(value):
    """Sixteen hexadecimal digits of the content."""
    text(value)
    return strict_json.digest(value)[:16]
