"""Change orders: three sides, each with its own status, and who may move which.

Rule: accounting rules, "Change order". The budget moves on the internal approval, the
commitment when the subcontractor has executed its change, the owner's contract when the
owner has. One approval may start all three; it never executes the other party's side.
No database: a model brings its record to the standing that these functions return.
"""

# pylint: disable=prefer-env-translation
# There is no environment here: a model translates what `_` marks.

from dataclasses import dataclass, replace

from .errors import ToldError, _

SIDES = ("budget", "cost", "revenue")
US, SUBCONTRACTOR, OWNER = "us", "subcontractor", "owner"
PARTY = {"budget": US, "cost": SUBCONTRACTOR, "revenue": OWNER}  # who executes a side

STATES = ("draft", "potential", "submitted", "approved", "executed", "rejected", "void")
STATUSES = ("none", "unpriced", "submitted", "approved", "executed", "rejected", "void")
BEFORE = ("draft", "potential", "submitted")  # our own approval is still to come
DECIDED = ("approved", "executed")
LIVE = ("unpriced", "submitted", "approved", "executed")
ENDINGS = ("rejected", "void")

FACTS = ("submitted", "approved", "executed", "rejected", "voided")


class TransitionError(ToldError):
    """A side or the change order as a whole does not move like that."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a change order is: the whole and its three sides."""

    state: str = "draft"
    budget: str = "none"
    cost: str = "none"
    revenue: str = "none"

    def status(self, side):
        return getattr(self, side)

    def with_side(self, side, status):
        return replace(self, **{side: status})

    @property
    def statuses(self):
        return (self.budget, self.cost, self.revenue)


def settle(standing):
    """The same standing with the state that its sides give it.

    Executed when every side that is left is executed; without one that is left it ended
    as its sides did. Before the approval the sides say nothing about the whole.
    """
    if standing.state not in DECIDED:
        return standing
    live = [status for status in standing.statuses if status in LIVE]
    if live:
        done = all(status == "executed" for status in live)
        return replace(standing, state="executed" if done else "approved")
    if "void" in standing.statuses:
        return replace(standing, state="void")
    if "rejected" in standing.statuses:
        return replace(standing, state="rejected")
    return replace(standing, state="approved")


def faults(standing):
    """What of a standing contradicts itself, as short texts; the database checks the same."""
    found = []
    if standing.state in BEFORE and "executed" in (standing.budget, standing.cost):
        found.append("executed before our approval")
    if standing.state in ENDINGS and any(status in LIVE for status in standing.statuses):
        found.append("ended with a side that is left")
    if standing.state == "executed" and any(
        status in LIVE and status != "executed" for status in standing.statuses
    ):
        found.append("executed with a side that is not")
    return found


def exposed(standing):
    """Whether its cost has no executed counterpart: the owner's side where there is one, else
    the commitment, else our own budget. A draft is nobody's exposure yet."""
    if standing.state not in ("potential", "submitted", *DECIDED):
        return False
    counterpart = next(
        (s for s in (standing.revenue, standing.cost, standing.budget) if s != "none"), "unpriced"
    )
    return counterpart != "executed"


# ------------------------------------------------------------------------ ours
def submit(standing):
    """For our approval. What was rejected may be submitted again."""
    if standing.state not in ("draft", "potential", "rejected"):
        raise TransitionError(_("Only a draft, a potential or a rejected one is submitted."))
    again = standing.state == "rejected"
    moved = {
        side: "submitted"
        for side in ("budget", "cost")
        if standing.status(side) == "unpriced" or (again and standing.status(side) in ENDINGS)
    }
    if again and standing.revenue in ENDINGS:
        moved["revenue"] = "unpriced"
    result = replace(standing, state="submitted", **moved)
    if not any(status in LIVE for status in result.statuses):
        raise TransitionError(_("It has no amount on any side: enter its lines first."))
    return result


def withdraw(standing):
    """Back before the submission: returned to its sender, or taken back."""
    if standing.state != "submitted":
        raise TransitionError(_("It is not submitted."))
    moved = {
        side: "unpriced" for side in ("budget", "cost") if standing.status(side) == "submitted"
    }
    return replace(standing, state="potential", **moved)


def approve(standing):
    """Our approval: it starts all three sides and executes none of the others'."""
    if standing.state != "submitted":
        raise TransitionError(_("Only what was submitted is approved."))
    moved = {
        side: "approved"
        for side in ("budget", "cost")
        if standing.status(side) in ("unpriced", "submitted")
    }
    if standing.revenue == "unpriced":
        moved["revenue"] = "submitted"
    return settle(replace(standing, state="approved", **moved))


def reject(standing):
    """The whole of it, by us, while it is not executed."""
    if standing.state not in ("potential", "submitted", "approved"):
        raise TransitionError(_("Only what is potential, submitted or approved is rejected."))
    return _end(standing, "rejected")


def void(standing):
    """The whole of it: what its sides did is undone."""
    if standing.state == "void":
        raise TransitionError(_("It is void already."))
    return _end(standing, "void")


def _end(standing, how):
    moved = {side: how for side in SIDES if standing.status(side) in LIVE}
    return replace(standing, state=how, **moved)


# ------------------------------------------------------------------- one side
def execute(standing, side, party):
    """`party` has executed `side`; the same again changes nothing.

    :raises TransitionError: it is another party's side, or its turn has not come
    """
    _own(side, party)
    status = standing.status(side)
    if status == "executed":
        return standing
    ready = ("approved", "submitted") if side == "revenue" else ("approved",)
    if status not in ready or standing.state not in DECIDED:
        raise TransitionError(_("This side is not approved yet: submit and approve it first."))
    return settle(standing.with_side(side, "executed"))


def agree(standing, party):
    """The owner approves the price; the contract changes when he executes it."""
    _own("revenue", party)
    if standing.revenue not in ("unpriced", "submitted"):
        raise TransitionError(_("The owner has nothing here to approve."))
    return settle(standing.with_side("revenue", "approved"))


def refuse(standing, side, party):
    """The other party rejects its side; the others stay as they are."""
    _own(side, party)
    if standing.status(side) not in ("submitted", "approved") or standing.state not in DECIDED:
        raise TransitionError(_("There is nothing here that could be rejected."))
    return settle(standing.with_side(side, "rejected"))


def offer(standing, side):
    """Offer a side again that the other party rejected, or that was made void."""
    if standing.state not in DECIDED or standing.status(side) not in ENDINGS:
        raise TransitionError(_("Only a rejected or void side is offered again."))
    status = "submitted" if side == "revenue" else "approved"
    return settle(standing.with_side(side, status))


def void_side(standing, side):
    """One side alone: what it did is undone, the others stay."""
    if standing.state not in DECIDED or standing.status(side) not in LIVE:
        raise TransitionError(_("Only a side of an approved change order is voided alone."))
    return settle(standing.with_side(side, "void"))


def _own(side, party):
    if PARTY[side] != party:
        raise TransitionError(
            _("%(side)s is executed or rejected by another party than %(party)s."),
            side=side,
            party=party,
        )


# ----------------------------------------------------------------- a platform
def snapshot(fact, claims, involved, *, potential=False):
    """What a platform's version asks for: (standing, sides of which it is silent).

    A side is executed only where the platform says so of that very side, or where the
    executed change order has one other party alone; the budget is our own side and moves
    with the approval. An execution before the approval waits: the side stays approved.

    :param fact: one of FACTS
    :param claims: {side: status} as sent; a side may be missing
    :param involved: the sides that the lines touch
    :param potential: it was submitted as potential
    """
    if fact in ("rejected", "voided"):
        how = "void" if fact == "voided" else "rejected"
        statuses = {
            side: claims.get(side) or (how if side in involved else "none") for side in SIDES
        }
        return _consistent(statuses, how), ()
    if fact == "submitted":
        before = "unpriced" if potential else "submitted"
        statuses = {
            side: claims.get(side) or (before if side in involved else "none") for side in SIDES
        }
        return _consistent(statuses, "potential" if potential else "submitted"), ()
    defaults = {"budget": "executed", "cost": "approved", "revenue": "submitted"}
    others = [side for side in ("cost", "revenue") if side in involved or claims.get(side)]
    silent = ()
    if fact == "executed":
        unsaid = [side for side in others if not claims.get(side)]
        if others == unsaid and len(others) == 1:
            defaults[others[0]] = "executed"
        else:
            silent = tuple(unsaid)
    statuses = {
        side: claims.get(side) or (defaults[side] if side in involved else "none") for side in SIDES
    }
    if statuses["budget"] == "approved":
        statuses["budget"] = "executed"
    return _consistent(statuses, "approved"), silent


def _consistent(statuses, state):
    """A standing without contradictions: what waits for our approval waits."""
    if state in ENDINGS:
        if not any(status in LIVE for status in statuses.values()):
            return Standing(state, **statuses)
        state = "approved"  # the platform keeps a side of what it ended
    if state in BEFORE:
        for side in ("budget", "cost"):
            if statuses[side] in DECIDED:
                statuses[side] = "submitted" if state == "submitted" else "unpriced"
    return settle(Standing(state, **statuses))


def stuck(before):
    """The status of a side that could not be brought where it should: what was executed is
    so still, the rest waits as approved."""
    return "executed" if before == "executed" else "approved"


def ended(wanted, statuses):
    """The standing in which bringing the sides to `wanted` ended, when some of them could not
    move.

    :param statuses: {side: status} as they are now
    """
    result = replace(wanted, **statuses)
    if faults(result) or wanted.state in DECIDED:
        result = settle(replace(result, state="approved"))
    return result
