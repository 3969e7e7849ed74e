"""What a comparison of the ids there and here says. A record that is not listed any more was
deleted, or moved, or we lost the right to see it: so absence is a question, never a deletion
(Procore answers an empty list to who has no permission)."""

from dataclasses import dataclass

ALARM_SHARE = 0.2  # of what is known here; more missing at once is a lost permission


@dataclass(frozen=True, slots=True)
class Presence:
    """
    :param new: ids that are only there
    :param missing: ids that are only here
    :param alarm: so many are missing that a right was lost rather than records
    """

    new: frozenset
    missing: frozenset
    alarm: bool


def compare(here, there):
    """
    :param here: ids that are bound and not known to be deleted
    :param there: ids that the platform lists now
    """
    here, there = frozenset(here), frozenset(there)
    missing = here - there
    many = len(missing) >= max(2, ALARM_SHARE * len(here)) or missing == here
    return Presence(there - here, missing, bool(missing) and many)
