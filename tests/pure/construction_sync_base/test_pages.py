"""Lists in pages: every record once where nothing moves, and an end where the server has none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests.structures import CaseInsensitiveDict

from odoo.addons.construction_sync_base.lib import pages
from odoo.addons.construction_sync_base.lib.ssrf import Answer


def walk(style, ask):
    """The records of all pages, one after the other."""
    fields, number = style.first(), 0
    while fields is not None:
        told, value, records = ask(fields)
        yield from records
        number += 1
        fields = pages.advance(style, fields, told, value, len(records), number)


def answer(headers=None):
    return Answer(200, CaseInsensitiveDict(headers or {}), b"")


def by_link(records, told=True):
    def ask(fields):
        page, size = int(fields["page"]), int(fields["per_page"])
        found = records[(page - 1) * size : page * size]
        links = ['<https://a.test/x?page=1&per_page=5>; rel="first"']
        if page * size < len(records):
            links.append(f'<https://a.test/x?per_page={size}&page={page + 1}>; rel="next"')
        return answer({"Link": ", ".join(links)} if told else {}), found, found

    return ask


def by_offset(records, told=True):
    def ask(fields):
        first, size = int(fields["offset"]), int(fields["limit"])
        found = records[first : first + size]
        value = {"results": found}
        if told:
            value["pagination"] = {"totalResults": len(records), "offset": first}
        return answer(), value, found

    return ask


def by_cursor(records, size):
    def ask(fields):
        first = int(fields.get("after", 0))
        following = first + size if first + size < len(records) else None
        found = records[first : first + size]
        return answer(), {"meta": {"next": following}, "data": found}, found

    return ask


@given(st.lists(st.integers(), max_size=40), st.integers(1, 7), st.booleans())
def test_every_record_once(records, size, told):
    assert list(walk(pages.Link(size), by_link(records, told))) == records
    assert list(walk(pages.Offset(size), by_offset(records, told))) == records
    cursor = pages.Cursor(("meta", "next"), "after")
    assert list(walk(cursor, by_cursor(records, size))) == records
    one = walk(pages.Single(), lambda fields: (answer(), records, records))
    assert list(one) == records


def test_the_header_of_the_documentation():
    header = (
        '<https://api.test/rest/v1.0/punch_items?page=1&per_page=5>; rel="first", '
        '<https://api.test/rest/v1.0/punch_items?page=2&per_page=5>; rel="prev", '
        '<https://api.test/rest/v1.0/punch_items?page=30&per_page=5>; rel="last", '
        '<https://api.test/rest/v1.0/punch_items?page=4&per_page=5>; rel="next"'
    )
    assert pages.next_of(header).endswith("page=4&per_page=5")
    assert pages.next_of('<https://a.test/?a=1,2>; title="x"; rel="prev next"') is not None
    assert pages.next_of('<https://a.test/>; rel="nextish"') is None
    assert pages.next_of("nonsense") is None


def test_styles_by_name():
    """With the names that a platform gives its fields."""
    assert pages.style_of("link", 5).first() == {"page": "1", "per_page": "5"}
    named = pages.style_of("offset", 7, "skip", "top")
    assert named.first() == {"skip": "0", "top": "7"}
    assert named.following({"skip": "0", "top": "7"}, answer(), {}, 7)["skip"] == "7"
    cursor = pages.style_of("cursor", 5, "after", "first", "meta.next")
    told = {"meta": {"next": "b"}}
    assert cursor.following(cursor.first(), answer(), told, 5) == {"first": "5", "after": "b"}
    assert pages.style_of("single", 5).following({}, answer(), [], 9) is None


def test_the_total_that_is_told():
    assert pages.told_total(answer({"Total": "150"}), []) == 150
    assert pages.told_total(answer(), {"pagination": {"totalResults": 3}}) == 3
    for headers, value in (({"Total": "many"}, []), ({}, {"pagination": []}), ({}, [])):
        assert pages.told_total(answer(headers), value) is None


def test_a_link_never_leads_to_another_place():
    """Only the number of the page is taken from it: host and filter stay ours."""
    told = answer({"Link": '<https://evil.test/other?page=2&filter=all>; rel="next"'})
    fields = pages.Link(5).following({"page": "1", "per_page": "5"}, told, [], 5)
    assert fields == {"page": "2", "per_page": "5"}


def test_the_same_page_for_ever():
    told = answer({"Link": '<https://a.test/?page=1>; rel="next"'})
    with pytest.raises(pages.Endless):
        list(walk(pages.Link(1), lambda fields: (told, [1], [1])))


@given(st.text(max_size=200) | st.text("<>;,=\"' relnxthtps:/", max_size=60))
def test_any_header_is_read(text):
    pages.next_of(text)
