import base64
import json

from odoo import models

from ..lib import envelope
from ..lib.errors import Malformed, UnknownKind
from ..lib.webhook import TYPE

READ_BYTES = 4 * 1024 * 1024  # of bodies that are in memory at a time


class WebhookReceived(models.AbstractModel):
    """A webhook in the platform's own format → the canonical events it stands for, stored
    through the inbox in this transaction and applied like any other."""

    _name = "construction.handler.webhook.received"
    _inherit = "construction.handler"
    _description = "webhook.received"

    _event_type = TYPE
    _replaces = False
    _order_in_batch = 1

    def _apply(self, items):
        platform = self.env["construction.platform"].sudo().browse(items[0].platform_id)
        translator = self.env["construction.translator"]._for_adapter(platform.adapter)
        if translator is None:
            for item in items:
                item.park(
                    "schema",
                    self.env._("No installed addon translates the webhooks of this platform."),
                    suggestion=self.env._("Install the adapter's addon, then replay the event."),
                )
            return
        for group in self._groups(items):
            self._translate_group(platform, translator, group)

    def _groups(self, items):
        """Items whose bodies fit into memory together."""
        self.env.cr.execute(
            "SELECT e.id, length(d.body) FROM construction_event e"
            " JOIN construction_delivery d ON d.id = e.delivery_id WHERE e.id = ANY(%s)",
            ([item.id for item in items],),
        )
        sizes = dict(self.env.cr.fetchall())
        group, total = [], 0
        for item in items:
            total += sizes.get(item.id) or 0
            if group and total > READ_BYTES:
                yield group
                group, total = [], sizes.get(item.id) or 0
            group.append(item)
        yield group

    def _translate_group(self, platform, translator, items):
        self.env.cr.execute(
            "SELECT e.id, d.id AS delivery_id, e.correlation_id, d.headers, d.body, d.body_sha256"
            "  FROM construction_event e JOIN construction_delivery d ON d.id = e.delivery_id"
            " WHERE e.id = ANY(%s)",
            ([item.id for item in items],),
        )
        deliveries = {row["id"]: row for row in self.env.cr.dictfetchall()}
        entries, owners = [], []
        for item in items:
            delivery = deliveries.get(item.id)
            for event in self._translated(platform, translator, item, delivery):
                entries.append((event, delivery["delivery_id"], delivery["correlation_id"]))
                owners.append(item)
        verdicts = self.env["construction.inbox"].sudo()._insert_translated(platform, entries)
        for item, entry, verdict in zip(owners, entries, verdicts, strict=True):
            if verdict == "conflict":
                item.notice(
                    "duplicate",
                    self.env._(
                        "Event %s was made of an earlier webhook with other content. The "
                        "first one stays.",
                        entry[0].id,
                    ),
                )

    def _translated(self, platform, translator, item, delivery):
        """Checked envelopes of one webhook; parks what cannot be translated."""
        if not delivery or delivery["body_sha256"] != item.data["sha256"]:
            item.park(
                "schema",
                self.env._("This event does not stand for the body it arrived with."),
                suggestion=self.env._("Webhooks are posted to /webhooks, not to /events."),
            )
            return []
        body = base64.b64decode(bytes(delivery["body"]))
        translator = translator.with_context(construction_received_at=item.time)
        try:
            events = translator._translate(platform, body, json.loads(delivery["headers"]))
        except Malformed as error:
            item.park(
                "malformed",
                self.env._("The platform sent something unreadable: %s", error),
                severity="high",
                suggestion=self.env._(
                    "Open the delivery to see what arrived, and tell the sender."
                ),
            )
            return []
        except UnknownKind as error:
            item.park(
                "schema",
                self.env._("The translator does not know this kind of webhook: %s", error),
                suggestion=self.env._(
                    "Discard it, or replay it once the adapter's addon knows the kind."
                ),
            )
            return []
        return [envelope.parse(event) for event in events]
