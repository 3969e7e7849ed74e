"""Circles of waiting: found where they are, and only there."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import circles

NODES = st.integers(0, 7)
GRAPHS = st.dictionaries(NODES, st.sets(NODES, max_size=4))


def reachable(start, waits):
    seen, front = set(), [start]
    while front:
        front = [other for node in front for other in waits.get(node, ()) if other not in seen]
        seen.update(front)
    return seen


def test_two_and_three_and_one():
    assert circles.find({"a": {"b"}, "b": {"a"}}) == [["a", "b"]]
    assert circles.find({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert circles.find({"a": {"a"}}) == [["a"]]
    assert circles.find({"a": {"b"}, "b": {"c"}}) == []


@given(GRAPHS)
def test_each_is_a_circle(waits):
    for circle in circles.find(waits):
        assert len(set(circle)) == len(circle)
        for node, following in zip(circle, circle[1:] + circle[:1], strict=True):
            assert following in waits[node]


@given(GRAPHS)
def test_whoever_comes_back_to_itself_is_on_one(waits):
    found = {node for circle in circles.find(waits) for node in circle}
    assert found == {node for node in waits if node in reachable(node, waits)}
