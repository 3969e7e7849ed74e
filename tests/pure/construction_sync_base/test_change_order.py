"""Change orders as a state machine: whatever happens in whatever order, a side is executed
only by its own party, and what was applied is what is executed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import change_order as co
from odoo.addons.construction_sync_base.lib.change_order import Standing, TransitionError

DRAFT = Standing("draft", "unpriced", "unpriced", "unpriced")
SUBMITTED = co.submit(DRAFT)
APPROVED = co.approve(SUBMITTED)


def test_one_approval_starts_all_three_and_executes_none():
    assert SUBMITTED == Standing("submitted", "submitted", "submitted", "unpriced")
    assert APPROVED == Standing("approved", "approved", "approved", "submitted")


def test_the_sides_move_in_turn():
    standing = co.execute(APPROVED, "budget", co.US)
    standing = co.execute(standing, "cost", co.SUBCONTRACTOR)
    assert standing.state == "approved"
    standing = co.agree(standing, co.OWNER)
    assert co.execute(standing, "revenue", co.OWNER) == Standing(*["executed"] * 4)


@pytest.mark.parametrize("side", co.SIDES)
@pytest.mark.parametrize("party", [co.US, co.SUBCONTRACTOR, co.OWNER])
def test_a_side_is_executed_by_its_own_party_alone(side, party):
    if co.PARTY[side] == party:
        assert co.execute(APPROVED, side, party).status(side) == "executed"
    else:
        with pytest.raises(TransitionError):
            co.execute(APPROVED, side, party)


@pytest.mark.parametrize("side", co.SIDES)
@pytest.mark.parametrize("standing", [DRAFT, SUBMITTED, Standing("void", *["void"] * 3)])
def test_nothing_is_executed_before_the_approval(standing, side):
    with pytest.raises(TransitionError):
        co.execute(standing, side, co.PARTY[side])


def test_a_rejection_of_one_party_leaves_the_others():
    standing = co.execute(APPROVED, "budget", co.US)
    standing = co.refuse(standing, "revenue", co.OWNER)
    assert standing == Standing("approved", "executed", "approved", "rejected")
    standing = co.execute(standing, "cost", co.SUBCONTRACTOR)
    assert standing.state == "executed", "nothing is left to be executed"
    assert co.exposed(standing), "and the owner pays nothing of it"
    assert co.offer(standing, "revenue").state == "approved"


def test_without_lines_there_is_nothing_to_submit():
    with pytest.raises(TransitionError):
        co.submit(Standing())


def test_rejected_may_be_submitted_again():
    assert co.submit(co.reject(APPROVED)) == SUBMITTED
    assert co.submit(co.withdraw(SUBMITTED)) == SUBMITTED


@pytest.mark.parametrize(
    "standing, exposed",
    [
        (DRAFT, False),
        (Standing("potential"), True),
        (SUBMITTED, True),
        (Standing("approved", "executed", "executed", "submitted"), True),
        (Standing("approved", "executed", "approved", "executed"), False),
        (Standing("approved", "executed", "approved", "none"), True),
        (Standing("executed", "executed", "executed", "none"), False),
        (Standing("executed", "executed", "none", "none"), False),
        (Standing("rejected", *["rejected"] * 3), False),
        (Standing("void", *["void"] * 3), False),
    ],
)
def test_exposure_ends_with_the_counterpart(standing, exposed):
    assert co.exposed(standing) is exposed


ALL = frozenset(co.SIDES)


@pytest.mark.parametrize(
    "fact, claims, involved, expected, silent",
    [
        ("submitted", {}, ALL, "submitted submitted submitted submitted", ()),
        ("approved", {}, ALL, "approved executed approved submitted", ()),
        ("approved", {"revenue": "approved"}, ALL, "approved executed approved approved", ()),
        ("approved", {"budget": "submitted"}, ALL, "approved submitted approved submitted", ()),
        ("approved", {"cost": "executed"}, ALL, "approved executed executed submitted", ()),
        ("executed", {}, ALL, "approved executed approved submitted", ("cost", "revenue")),
        ("executed", {}, {"budget", "cost"}, "executed executed executed none", ()),
        ("executed", {}, {"budget", "revenue"}, "executed executed none executed", ()),
        (
            "executed", {"cost": "executed"}, ALL,
            "approved executed executed submitted", ("revenue",),
        ),
        (
            "executed", {"cost": "executed", "revenue": "executed"}, ALL,
            "executed executed executed executed", (),
        ),
        ("submitted", {"cost": "executed"}, ALL, "submitted submitted submitted submitted", ()),
        ("submitted", {"revenue": "executed"}, ALL, "submitted submitted submitted executed", ()),
        ("rejected", {}, ALL, "rejected rejected rejected rejected", ()),
        ("voided", {}, {"cost"}, "void none void none", ()),
        (
            "rejected", {"cost": "executed", "revenue": "rejected"}, ALL,
            "executed rejected executed rejected", (),
        ),
    ],
)  # fmt: skip
def test_what_a_platform_says(fact, claims, involved, expected, silent):
    standing, unsaid = co.snapshot(fact, claims, involved)
    assert (" ".join((standing.state, *standing.statuses)), unsaid) == (expected, silent)


def test_potential():
    standing, _silent = co.snapshot("submitted", {}, {"cost"}, potential=True)
    assert standing == Standing("potential", "none", "unpriced", "none")


# ---------------------------------------------------------------- any sequence
PARTIES = (co.US, co.SUBCONTRACTOR, co.OWNER)
STATUS = st.sampled_from([None, *(s for s in co.STATUSES if s != "void")])
OPS = st.one_of(
    st.sampled_from(["submit", "withdraw", "approve", "reject", "void"]).map(lambda x: (x,)),
    st.tuples(
        st.sampled_from(["execute", "refuse"]), st.sampled_from(co.SIDES), st.sampled_from(PARTIES)
    ),
    st.tuples(st.sampled_from(["offer", "void_side"]), st.sampled_from(co.SIDES)),
    st.tuples(st.just("agree"), st.sampled_from(PARTIES)),
    st.tuples(
        st.just("snapshot"),
        st.sampled_from(co.FACTS),
        st.fixed_dictionaries({}, optional={side: STATUS for side in co.SIDES}),
        st.sets(st.sampled_from(co.SIDES)),
    ),
    st.just(("replay",)),
)


class Books:
    """What the model does with a standing, without a database: what is executed is applied,
    unless the side is stuck, and nothing else."""

    def __init__(self):
        self.standing = DRAFT
        self.applied = set()
        self.said = {"budget"}  # our own side needs nobody's word but the approval
        self.last = None

    def take(self, op, stuck):
        if op[0] == "replay":
            op = self.last or ("submit",)
        self.last = op
        if op[0] == "snapshot":
            _name, fact, claims, involved = op
            wanted, _silent = co.snapshot(fact, claims, involved)
            single = [s for s in ("cost", "revenue") if s in involved or claims.get(s)]
            self.said = {"budget"} | {s for s in co.SIDES if claims.get(s) == "executed"}
            if fact == "executed" and len(single) == 1:
                self.said |= set(single)
        else:
            try:
                wanted = getattr(co, op[0])(self.standing, *op[1:])
            except TransitionError:
                return
            if op[0] == "execute":
                assert op[2] == co.PARTY[op[1]]
                self.said.add(op[1])
        self.bring(wanted, stuck)

    def bring(self, wanted, stuck):
        statuses = {}
        for side in co.SIDES:
            status = wanted.status(side)
            moves = (status == "executed") != (side in self.applied)
            if moves and side in stuck:
                statuses[side] = co.stuck(self.standing.status(side))
                continue
            statuses[side] = status
            (self.applied.add if status == "executed" else self.applied.discard)(side)
        self.standing = co.ended(wanted, statuses)


@given(st.lists(st.tuples(OPS, st.sets(st.sampled_from(co.SIDES), max_size=1)), max_size=25))
def test_any_sequence_ends_consistent(steps):
    books = Books()
    for op, stuck in steps:
        before = books.standing
        books.take(op, stuck)
        standing = books.standing
        assert not co.faults(standing), (before, op, stuck, standing)
        for side in co.SIDES:
            assert (standing.status(side) == "executed") == (side in books.applied)
            if standing.status(side) == "executed" and before.status(side) != "executed":
                assert side in books.said, "executed, and its party never said so"
        assert co.settle(standing) == standing


@given(st.sampled_from(co.FACTS), st.data(), st.sets(st.sampled_from(co.SIDES)))
def test_the_same_version_twice_is_once(fact, data, involved):
    claims = data.draw(st.fixed_dictionaries({}, optional={side: STATUS for side in co.SIDES}))
    once = co.snapshot(fact, claims, involved)
    assert once == co.snapshot(fact, claims, involved)
    assert not co.faults(once[0])
