from odoo import models

from ..lib import circles
from .construction_issue import OPEN

NUMBERS = ("code", "number")  # of the data: by what a record is named besides its id


def own_keys(object_name, subject, numbers):
    """Wait keys of those who wait for the record that an event brings."""
    external_id = subject.partition("/")[2]
    return {f"external:{object_name}|{external_id}"} | {
        f"{object_name}|{number}" for number in numbers if number
    }


class ConstructionIssue(models.Model):
    """Events that wait for each other. None of them can be first, so it has to be said."""

    _inherit = "construction.issue"

    def _tell_circles(self, platform_id, bringing):
        """Look whether events that wait now close a circle, and say so in the issues of all
        events on it.

        Walks from an event to those that wait for it, which an index finds; an event that
        nobody waits for costs one look-up.

        :param bringing: {event id: (subject, `own_keys()`)} of events that were parked
        """
        self.env.flush_all()
        brings = dict(bringing)
        waits = self._awaited_by(platform_id, brings)
        new = brings
        while new:
            waiters = self._waiters(platform_id, set().union(*(keys for _s, keys in new.values())))
            new = {event: facts for event, facts in waiters.items() if event not in brings}
            brings |= new
            waits |= self._awaited_by(platform_id, new)
        bringer = {key: event for event, (_subject, keys) in brings.items() for key in keys}
        # what waits for its own record waits for somebody else to bring it
        graph = {
            event: {bringer[key] for key in keys if key in bringer} - {event}
            for event, keys in waits.items()
        }
        for circle in circles.find(graph):
            self._tell_circle(circle, {event: brings[event][0] for event in circle})

    def _awaited_by(self, platform_id, events):
        """{event id: wait keys of its open issues}"""
        if not events:
            return {}
        self.env.cr.execute(
            """
            SELECT event_id, array_agg(wait_key) FROM construction_issue
             WHERE platform_id = %s AND event_id = ANY(%s) AND wait_key IS NOT NULL
               AND blocking AND state IN ('open', 'in_progress')
             GROUP BY event_id
            """,
            (platform_id, list(events)),
        )
        return dict(self.env.cr.fetchall())

    def _waiters(self, platform_id, keys):
        """{event id: (subject, `own_keys()`)} of the events that wait for one of the keys."""
        self.env.cr.execute(
            """
            SELECT e.id, e.subject, split_part(e.type, '.', 2),
                   ARRAY(SELECT e.payload::jsonb -> 'data' ->> name FROM unnest(%s) AS name)
              FROM construction_issue i JOIN construction_event e ON e.id = i.event_id
             WHERE i.wait_key = ANY(%s) AND i.state IN ('open', 'in_progress')
               AND i.blocking AND i.platform_id = %s
               AND e.state IN ('pending', 'parked') AND e.payload IS NOT NULL
            """,
            (list(NUMBERS), list(keys), platform_id),
        )
        return {
            event_id: (subject, own_keys(object_name, subject, numbers))
            for event_id, subject, object_name, numbers in self.env.cr.fetchall()
        }

    def _tell_circle(self, circle, subjects):
        way = " → ".join(subjects[event] for event in [*circle, circle[0]])
        message = self.env._(
            "It waits in a circle: %s. Each is a part of the next, so none of them can come first.",
            way,
        )
        issues = self.search(
            [("event_id", "in", circle), ("state", "in", OPEN), ("wait_key", "!=", False)]
        )
        issues.with_context(tracking_disable=True).write(
            {
                "message": message,
                "suggestion": self.env._(
                    "The platform has to send one of them again without that reference."
                ),
            }
        )
