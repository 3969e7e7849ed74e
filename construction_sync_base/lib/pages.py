"""How a list of another system is read to its end: four styles of pages.

A page is asked for with query fields, and the answer tells the fields of the next one, so that
a reading goes on where it was broken off. What shifts while it is read is met by reading again
(`construction.poller`), never by guessing; a server that answers with the same page for ever is
stopped.
"""

from urllib.parse import parse_qsl, urlsplit

from requests.utils import parse_header_links

MOST_PAGES = 100_000


class Endless(Exception):
    """The pages do not come to an end."""


class Link:
    """`Link: <…>; rel="next"` (RFC 8288), as Procore answers; without it, a page that is not
    full is the last one."""

    def __init__(self, size=100, page="page", per_page="per_page"):
        self.size, self._page, self._per_page = size, page, per_page

    def first(self):
        return {self._page: "1", self._per_page: str(self.size)}

    def following(self, fields, answer, _value, count):
        header = answer.headers.get("Link")
        if header is not None:
            address = next_of(header)
            if address is None:
                return None
            told = dict(parse_qsl(urlsplit(address).query))
            return fields | {name: told[name] for name in (self._page,) if name in told}
        if count < self.size:
            return None
        return fields | {self._page: str(int(fields[self._page]) + 1)}


class Offset:
    """`offset` and `limit`, with the total in the answer (`pagination.totalResults`), as
    Autodesk answers."""

    def __init__(self, size=100, offset="offset", limit="limit"):
        self.size, self._offset, self._limit = size, offset, limit

    def first(self):
        return {self._offset: "0", self._limit: str(self.size)}

    def following(self, fields, answer, value, count):
        offset, total = int(fields[self._offset]) + count, told_total(answer, value)
        last = count == 0 or (count < self.size if total is None else offset >= total)
        return None if last else fields | {self._offset: str(offset)}


class Cursor:
    """A token in the answer that is sent back.

    :param path: names down to it in the answer
    """

    def __init__(self, path, field="cursor", size=None, limit="limit"):
        self._path, self._field, self._limit, self.size = tuple(path), field, limit, size

    def first(self):
        return {self._limit: str(self.size)} if self.size else {}

    def following(self, fields, _answer, value, _count):
        for name in self._path:
            value = value.get(name) if isinstance(value, dict) else None
        if not value or not isinstance(value, str | int):
            return None
        return fields | {self._field: str(value)}


class Single:
    """All of it in one answer."""

    size = None

    def first(self):
        return {}

    def following(self, _fields, _answer, _value, _count):
        return None


def style_of(kind, size, page=None, limit=None, path=None):
    """A style by its name, with the names that differ from the usual ones.

    :param kind: `link`, `offset`, `cursor` or `single`
    :param page: query field of the page, the offset or the cursor
    :param limit: query field of the size
    :param path: names down to the cursor in the answer, with dots
    """
    named = {"limit": limit} if limit else {}
    if kind == "link":
        names = {"page": page, "per_page": limit}
        return Link(size, **{name: text for name, text in names.items() if text})
    if kind == "offset":
        return Offset(size, **({"offset": page} if page else {}), **named)
    if kind == "cursor":
        field = {"field": page} if page else {}
        return Cursor((path or "").split("."), size=size, **field, **named)
    return Single()


def advance(style, fields, answer, value, count, number):
    """The query fields of the next page, None after the last one.

    :param number: pages that were read by now, this one included
    :raises Endless: the page that was just read comes again, or there are too many
    """
    following = style.following(fields, answer, value, count)
    if following == fields:
        raise Endless("the same page comes again")
    if following is not None and number >= MOST_PAGES:
        raise Endless(f"more than {MOST_PAGES} pages")
    return following


def told_total(answer, value):
    """How many records there are in all, where the answer says so: in the header `Total` or as
    `pagination.totalResults`. None elsewhere."""
    told = answer.headers.get("Total") or answer.headers.get("X-Total-Count") or ""
    if told.isascii() and told.isdecimal() and len(told) < 10:
        return int(told)
    told = value.get("pagination") if isinstance(value, dict) else None
    total = told.get("totalResults") if isinstance(told, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) else None


def next_of(header):
    """The address of the next page in a `Link` header, or None."""
    links = parse_header_links(header)
    return next((one["url"] for one in links if "next" in one.get("rel", "").split()), None)
