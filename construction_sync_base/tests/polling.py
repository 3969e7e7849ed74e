"""A platform with a list that is read over real TLS: the list changes, grows, shrinks and stays
away while it is read."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from odoo.addons.queue_job.tests.common import trap_jobs

from .test_calls import CallCase

SIZE = 3  # records on a page
ROUNDS = 60


def moment(minutes):
    """RFC 3339, so many minutes before now."""
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="seconds")


class PollCase(CallCase):
    def setUp(self):
        super().setUp()
        self.rows, self.asked, self.answers = [], [], {}
        self.meanwhile = lambda number: None
        self.server.play = self.play
        self.list = self.make_resource()

    def make_resource(self, name="Vendors", **values):
        """On schedule, and due."""
        if "map_id" not in values:
            values.setdefault("object", "vendor")
        resource = self.env["construction.resource"].create(
            {
                "name": name,
                "platform_id": self.platform.id,
                "path": "/v1/vendors",
                "page_size": SIZE,
                "id_path": "data.external_id",
                "since_field": "since",
                "changed_path": "time",
                "overlap": 600,
                **values,
            }
        )
        resource.sudo()._go_on()
        return resource

    def vendor(self, name, minutes=60, **more):
        """The newest state of a vendor, changed so many minutes ago."""
        data = {"external_id": name, "name": f"Vendor {name}"} | more
        return self.event("vendor.upserted", data=data, time=moment(minutes))

    # ------------------------------------------------------------- the platform
    def play(self, line):
        """Answer as the platform does: the page that is asked for, of what changed since."""
        target = self.server.requests[-1].split(b" ", 2)[1].decode()
        query = {name: texts[0] for name, texts in parse_qs(urlsplit(target).query).items()}
        number = len(self.asked) + 1
        self.asked.append(query)
        status, body, headers = self.answers.get(number, (200, None, {}))
        if body is None:
            body, headers = self.page(query)
        self.server.tell(line, status, body, headers)
        self.meanwhile(number)

    def page(self, query):
        start = datetime.fromisoformat(query.get("since", "1970-01-01T00:00:00+00:00"))
        rows = [row for row in self.rows if datetime.fromisoformat(row["time"]) >= start]
        page = int(query["page"])
        found = rows[(page - 1) * SIZE : page * SIZE]
        links = ['<https://a.test/x?page=1>; rel="first"']
        if page * SIZE < len(rows):
            links.append(f'<https://a.test/x?page={page + 1}>; rel="next"')
        return found, {"Link": ", ".join(links), "Total": str(len(rows))}

    def pages(self):
        return [query["page"] for query in self.asked]

    # ---------------------------------------------------------------- reading
    def turn(self, resource=None, due=True):
        """One turn of a worker.

        :param due: at its time, whenever that is
        """
        resource = resource or self.list
        if due:
            resource.sudo().next_at = "2020-01-01"
        self.env.flush_all()
        with trap_jobs():
            number = self.env["construction.poller"]._turn(resource.id)
        self.env.invalidate_all()
        return number

    def reading(self, resource=None):
        """Turns until the reading is over; returns it."""
        resource = resource or self.list
        for _round in range(ROUNDS):
            self.turn(resource)
            if not resource.running:
                return resource.run_ids[:1]
        return self.fail("the reading does not end")

    def names(self):
        """Vendors whose events are stored."""
        events = self.env["construction.event"].search([("platform_id", "=", self.platform.id)])
        return sorted(event.subject.removeprefix("vendor/") for event in events)

    def trouble(self, cause, resource=None):
        return self.env["construction.issue"].search(
            [
                ("resource_id", "=", (resource or self.list).id),
                ("resource_cause", "=", cause),
                ("state", "=", "open"),
            ]
        )
