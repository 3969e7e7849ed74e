from odoo import api, models

from .construction_inbox import EVENT_COLUMNS, _place

# As in `construction.inbox`, for events of deliveries that are stored already.
_STORE = f"""
    INSERT INTO construction_event (platform_id, company_id, delivery_id, state, attempts,
                crashes, failures, received_at, next_try_at, {", ".join(EVENT_COLUMNS)})
         SELECT %(platform)s, %(company)s, delivery.id, 'pending', 0, 0, 0,
                delivery.received_at, now() AT TIME ZONE 'UTC',
                {", ".join(f"sent.{name}" for name in EVENT_COLUMNS)}
           FROM unnest(%(deliveries)s, {", ".join(_place(name) for name in EVENT_COLUMNS)})
                WITH ORDINALITY AS sent (delivery_id, {", ".join(EVENT_COLUMNS)}, place)
           JOIN construction_delivery delivery ON delivery.id = sent.delivery_id
          ORDER BY sent.place
    ON CONFLICT (platform_id, source, event_id) DO NOTHING
      RETURNING source, event_id, lane
"""


class ConstructionInbox(models.AbstractModel):
    """Events that a translator made of webhooks."""

    _inherit = "construction.inbox"

    @api.model
    def _insert_translated(self, platform, entries):
        """Store canonical events in the caller's transaction and wake the drains of their
        lanes. Each leads back to the delivery it was made of.

        :param platform: `construction.platform` record
        :param entries: list of (`Envelope`, delivery id, correlation id)
        :return: list of "accepted", "duplicate" or "conflict" in the same order
        """
        if not entries:
            return []
        route = {"id": platform.id, "company_id": platform.company_id.id}
        rows = [self._row(route, envelope, correlation) for envelope, _id, correlation in entries]
        self.env.cr.execute(
            _STORE,
            {
                "platform": route["id"],
                "company": route["company_id"],
                "deliveries": [delivery_id for _envelope, delivery_id, _c in entries],
                **dict(zip(EVENT_COLUMNS, map(list, zip(*rows, strict=True)), strict=True)),
            },
            log_exceptions=False,  # the log is no place for payloads
        )
        fresh, lanes = set(), set()
        for source, event_id, lane in self.env.cr.fetchall():
            fresh.add((source, event_id))
            lanes.add(lane)
        for lane in sorted(lanes):
            self.env["construction.drain"]._wake(lane)
        return self._translated_verdicts(route["id"], [entry[0] for entry in entries], fresh)

    def _translated_verdicts(self, platform_id, envelopes, fresh):
        keys = [(envelope.source, envelope.id) for envelope in envelopes]
        digests = self._known_digests(platform_id, set(keys))
        verdicts = []
        for key, envelope in zip(keys, envelopes, strict=True):
            if digests[key] != envelope.digest:
                verdicts.append("conflict")
            elif key in fresh:
                fresh.remove(key)
                verdicts.append("accepted")
            else:
                verdicts.append("duplicate")
        return verdicts
