"""In which order dependent documents are undone, which of them have to be, and on which day.

What depends on something is undone before it (design, "Corrections in any order"): a release
of retention before its bill, a bill before its receipt, all of them before their order.
"""

# pylint: disable=prefer-env-translation

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from .errors import ToldError, _

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Document:
    """A document that stands on others.

    :param key: names it, such as (model, id)
    :param newest: sorts documents; the greatest was made last
    :param needs: keys of the documents that stand on this one
    :param frees: {what: amount} that undoing it gives back
    """

    key: object
    newest: object = 0
    needs: tuple = ()
    frees: dict = field(default_factory=dict)


def order(documents, roots):
    """Keys in the order in which they are undone: each after all that stand on it, the newest
    first, each once.

    :param documents: {key: `Document`}
    :param roots: keys to undo, in any order
    :raises ToldError: documents that stand on each other
    """
    done, open_ = [], set()
    placed = set()

    def visit(key):
        if key in placed:
            return
        if key in open_:
            raise ToldError(_("These documents stand on each other: undo one of them by hand."))
        open_.add(key)
        for child in newest_first(documents, documents[key].needs):
            visit(child)
        open_.discard(key)
        placed.add(key)
        done.append(key)

    for key in newest_first(documents, roots):
        visit(key)
    return done


def newest_first(documents, keys):
    return sorted(dict.fromkeys(keys), key=lambda key: documents[key].newest, reverse=True)


def to_free(needed, documents):
    """Keys of the documents, the newest first, whose undoing gives back what is needed; those
    that give nothing of it stay.

    :param needed: {what: amount above zero that has to become free}
    :param documents: iterable of `Document`
    :return: (keys, {what: amount that stays short})
    """
    short = {what: amount for what, amount in needed.items() if amount > 0}
    keys = []
    for document in sorted(documents, key=lambda one: one.newest, reverse=True):
        if any(document.frees.get(what, ZERO) > 0 for what in short):
            keys.append(document.key)
            for what in list(short):
                short[what] -= document.frees.get(what, ZERO)
                if short[what] <= 0:
                    del short[what]
    return keys, short


def day_of(original, told, is_locked, months=120):
    """The day on which something is taken back: its own while its month is open, else the day
    on which the correction was told, else the first day of the first open month after it.

    :param is_locked: function day → whether nothing is booked on it
    :raises ToldError: no month within reach is open
    """
    for day in (original, told):
        if day and not is_locked(day):
            return day
    day = told or original
    for _month in range(months):
        day = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        if not is_locked(day):
            return day
    raise ToldError(_("No month is open into which this could be booked."))
