"""Bulk upserts: `{"updates": […]}`, at most 1,000, always status 200, judged by record (1.6)."""

from .store import shown
from .wire import Refused, Reply

MOST = 1000


def updates_of(call):
    """The records of a sync.

    :raises Refused: 400 where there are none, or too many; the status is unverified
    """
    body = call.value
    updates = body.get("updates") if isinstance(body, dict) else None
    if not isinstance(updates, list) or not all(isinstance(one, dict) for one in updates):
        raise Refused(400, {"errors": {"updates": ["is missing"]}})
    if len(updates) > MOST:
        raise Refused(400, {"errors": {"updates": [f"holds more than {MOST}"]}})
    return updates


def answer(rest, call, resource, scope):
    """What became of each record.

    By `id` it is updated, and may get another `origin_id`. By `origin_id` alone it is updated
    where it is known, else made. With neither it is made, every time anew.
    """
    entities, errors = [], []
    for values in updates_of(call):
        try:
            entities.append(shown(_one(rest, call, resource, scope, values)))
        except Refused as error:
            errors.append(values | {"errors": error.reply.value["errors"]})
    return Reply(200, {"entities": entities, "errors": errors})


def _one(rest, call, resource, scope, values):
    row = _known(rest.world.store, resource, scope, values)
    if row is None:
        if resource.parent and "_parent" not in scope:
            scope = scope | {"_parent": values.get("direct_cost_id")}
        return rest.make(resource, values, scope, call)
    rest.world.access.touch(resource.table, row)
    return rest.write(resource, row, values, call)


def _known(store, resource, scope, values):
    """The row that is meant, None where it is to be made.

    :raises Refused: an id was given that is not there
    """
    number, origin = values.get("id"), values.get("origin_id")
    if number in (None, "") and not origin:
        return None
    if number in (None, ""):
        found = store.by_origin(resource.table, scope["_company"], origin)
    else:
        row = store.row(resource.table, int(number) if str(number).isdigit() else 0)
        found = [row] if row and not row.get("deleted_at") else []
    for row in found:
        if resource.holds(row) and all(row.get(name) == scope[name] for name in scope):
            return row
    if number in (None, ""):
        return None
    # the wording is that of the documentation's sample
    raise Refused(422, {"errors": {"id": ["Entity with this ID not found"]}})
