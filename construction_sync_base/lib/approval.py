"""Who is asked to approve what, and who may answer in whose place. No database."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Delegation:
    """From `start` to `end`, both included, somebody is represented or away.

    :param deputy: who acts in the place of `person`; None says only that `person` is away
    :param document_type: the only kind of document it holds for; None is every kind
    """

    person: int
    deputy: int | None
    start: date
    end: date
    document_type: str | None = None
    away: bool = False

    def holds(self, day, document_type):
        return self.start <= day <= self.end and self.document_type in (None, document_type)


def principals(user, delegations, day, document_type):
    """In whose place `user` may act, `user` left out. A deputy who is represented in turn
    passes on what was given to him; a circle ends where it began."""
    givers = {}
    for each in delegations:
        if each.deputy is not None and each.holds(day, document_type):
            givers.setdefault(each.deputy, set()).add(each.person)
    found, reached = set(), [user]
    while reached:
        for giver in givers.get(reached.pop(), ()):
            if giver not in found and giver != user:
                found.add(giver)
                reached.append(giver)
    return found


def deputies(user, delegations, day, document_type):
    """Who may act in the place of `user`: the other direction of `principals`."""
    users = {each.deputy for each in delegations if each.deputy is not None} - {user}
    return {other for other in users if user in principals(other, delegations, day, document_type)}


def is_away(user, delegations, day, document_type):
    """Whether nobody can answer for `user`: away, and no deputy who is there."""
    away = {each.person for each in delegations if each.away and each.holds(day, document_type)}
    if user not in away:
        return False
    return not deputies(user, delegations, day, document_type) - away


def in_range(amount, lowest, limit):
    """Whether an amount is asked about: `lowest` belongs to the range, `limit` to the next
    one, so that ranges meet without a gap; a limit of zero is none."""
    return amount >= lowest and (not limit or amount < limit)


def needed(rules, job):
    """The rules that hold for a document of `job`. Where some name its job they replace
    those that name none.

    :param rules: (rule, its job or None) pairs, of which some may name other jobs
    """
    own = [rule for rule, named in rules if named and named == job]
    return own or [rule for rule, named in rules if not named]
