"""Lists: filters, order, pages with `Link`, as the wire formats give them (1.2, 1.3)."""

import re
from urllib.parse import urlencode

from .clock import instant
from .wire import Refused, Reply

PAGE = ("page", "per_page")  # of the query
V1_SIZE = 100  # records of a page that names no size; unverified
V1_MOST, V2_SIZE, V2_MOST = 2000, 10, 100
SORTS = {"id", "created_at", "updated_at", "number", "date", "billing_date"}
_FILTER = re.compile(r"filters\[(\w+)\](\[\])?")


def is_v2(path):
    return path.startswith("/rest/v2")


def chosen(rows, call, understands_deleted):
    """The rows that the query's filters leave, in its order.

    :param rows: with those that are deleted
    :raises Refused: 406 for a field that no row has
    """
    asked = call.one("filters[include_deleted]") if understands_deleted else None
    if asked == "only":
        rows = [row for row in rows if row.get("deleted_at")]
    elif asked != "with":
        rows = [row for row in rows if not row.get("deleted_at")]
    for name, values in call.query.items():
        match = _FILTER.fullmatch(name)
        if match and match[1] != "include_deleted":
            rows = _filtered(rows, match[1], values)
    return _sorted(rows, call.one("sort"))


def _filtered(rows, name, values):
    if rows and not any(name in row for row in rows):
        raise Refused(406, {"errors": f"There is no field {name} to filter by"})
    if len(values) == 1 and "..." in values[0]:
        first, last = (instant(part) for part in values[0].strip('"').split("..."))
        # both ends belong to it; unverified
        return [row for row in rows if row.get(name) and first <= _moment(row, name) <= last]
    wanted = set(values)
    return [row for row in rows if _text(row.get(name)) in wanted]


def _moment(row, name):
    return row["_updated"] if name == "updated_at" else instant(row[name])


def _text(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _sorted(rows, by):
    name = (by or "id").removeprefix("-")
    if name not in SORTS:
        raise Refused(406, {"errors": f"Lists are not sorted by {name}"})
    back = (by or "").startswith("-")
    if name == "updated_at":
        return sorted(rows, key=lambda row: (row["_updated"], row["_turn"]), reverse=back)
    return sorted(rows, key=lambda row: (_text(row.get(name)).zfill(20), row["id"]), reverse=back)


def of_day(rows, call, field, today):
    """Lists by day: `log_date`, or `start_date` and `end_date`; today without one."""
    first, last = call.one("start_date"), call.one("end_date")
    one = call.one("log_date")
    if one is None and first is None and last is None:
        one = today
    if one is not None:
        first = last = one
    first, last = first or "", last or "9999"
    return [row for row in rows if first[:10] <= (row.get(field) or "")[:10] <= last[:10]]


def page(rows, call, shape):
    """One page of rows.

    :param shape: function rows → value of the answer
    :return: (the rows of the page, the reply)
    """
    size = call.number("per_page") or (V2_SIZE if is_v2(call.path) else V1_SIZE)
    size = min(max(size, 1), V2_MOST if is_v2(call.path) else V1_MOST)
    number = max(call.number("page") or 1, 1)
    last = max(-(-len(rows) // size), 1)
    here = rows[(number - 1) * size : number * size]
    headers = {"Per-Page": str(size), "Total": str(len(rows))}
    links = []
    if number > 1:
        links += [_link(call, 1, size, "first"), _link(call, number - 1, size, "prev")]
    if number < last:
        links += [_link(call, last, size, "last"), _link(call, number + 1, size, "next")]
    if links:
        headers["Link"] = ", ".join(links)
    return here, Reply(200, shape(here), headers)


def _link(call, number, size, name):
    kept = [
        (key, value) for key, values in call.query.items() if key not in PAGE for value in values
    ]
    query = urlencode([*kept, ("page", number), ("per_page", size)])
    return f'<{call.base}{call.path}?{query}>; rel="{name}"'
