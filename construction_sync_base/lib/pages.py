"""How a list of another system is read to its end: four styles of pages, one loop.

A page is asked for with query fields, and the answer tells the fields of the next one. What
shifts while it is read is met by reading from a while back (`since`), never by guessing; a
server that answers with the same page for ever is stopped.
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

    def following(self, fields, _answer, value, count):
        offset = int(fields[self._offset]) + count
        told = value.get("pagination") if isinstance(value, dict) else None
        total = told.get("totalResults") if isinstance(told, dict) else None
        last = count == 0 or (offset >= total if isinstance(total, int) else count < self.size)
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


def walk(style, ask):
    """The records of all pages, one after the other.

    :param ask: function query fields → (answer, its JSON, list of records)
    :raises Endless: a page that was asked for already comes again, or there are too many
    """
    fields, asked = style.first(), set()
    for _number in range(MOST_PAGES):
        key = tuple(sorted(fields.items()))
        if key in asked:
            raise Endless("the same page comes again")
        asked.add(key)
        answer, value, records = ask(fields)
        yield from records
        fields = style.following(fields, answer, value, len(records))
        if fields is None:
            return
    raise Endless(f"more than {MOST_PAGES} pages")


def next_of(header):
    """The address of the next page in a `Link` header, or None."""
    links = parse_header_links(header)
    return next((one["url"] for one in links if "next" in one.get("rel", "").split()), None)
