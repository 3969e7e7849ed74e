"""Ids there and here: absence is a question, and many absent at once a lost permission."""

from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.construction_sync_base.lib import presence

ids = st.frozensets(st.text("abcdefgh", min_size=1, max_size=3), max_size=30)


@given(ids, ids)
def test_every_id_is_told_once(here, there):
    found = presence.compare(here, there)
    assert found.new | found.missing | (here & there) == here | there
    assert not found.new & here
    assert not found.missing & there
    assert found.alarm <= bool(found.missing)


def test_an_empty_list_is_an_alarm():
    for here in (["1"], ["1", "2"], map(str, range(500))):
        assert presence.compare(here, []).alarm
    assert not presence.compare([], []).alarm


def test_one_of_many_is_none():
    here = {str(number) for number in range(50)}
    assert not presence.compare(here, here - {"3"}).alarm
    assert not presence.compare(here, here - {"3"} | {"60"}).alarm
    assert presence.compare(here, {one for one in here if len(one) == 1}).alarm
