"""One ERP request on its way into events."""

import hashlib

from ..lib.errors import Malformed
from .procore_wire import given, instant, required, rows, table, text


class Request:
    """What was asked, by whom and when, and the events made of it so far."""

    def __init__(self, request, body, currency_of, received_at):
        self.name = required(request.get("request_name"), "request_name")
        self.data = request.get("request_data")
        self.currency_of = currency_of
        self.id = text(request.get("id")) or hashlib.sha256(body).hexdigest()
        company = text(request.get("company_id"))
        if company is None and isinstance(self.data, dict):
            company = text(self.data.get("company_id"))
        self.source = f"//procore/companies/{company}" if company else "//procore"
        self.time = instant(request.get("created_at")) or instant(request.get("updated_at"))
        self.received_at = received_at
        self.made = []

    def event(self, fact, subject, data, changed_at=None):
        """Add an event.

        :param changed_at: time of the record, where the request itself has none
        """
        time = self.time or instant(changed_at) or self.received_at
        if time is None:
            raise Malformed("the request has no created_at")
        self.made.append(
            {
                "specversion": "1.0",
                "id": f"erp-request/{self.id}/{len(self.made) + 1}",
                "source": self.source,
                "type": f"construction.{fact}.v1",
                "subject": subject,
                "time": time,
                "data": data,
            }
        )

    def record(self, fact, object_name, external_id, origin_id=None, **more):
        """record.linked, record.unlinked, record.deleted: in the order of the record."""
        data = {"object": object_name, "external_id": external_id}
        data |= given(origin_id=text(origin_id), **more)
        self.event(f"record.{fact}", f"{object_name}/{external_id}", data)

    def part(self, name):
        """One object of the request's data."""
        return table(table(self.data, "request_data").get(name), name)

    def parts(self, name):
        """A list of objects of the request's data."""
        return rows(table(self.data, "request_data").get(name), name)
