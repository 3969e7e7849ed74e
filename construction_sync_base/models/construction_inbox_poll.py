from odoo import api, models

from ..lib.errors import Malformed


class ConstructionInbox(models.AbstractModel):
    """Events that were fetched: a page is stored as if it had been sent."""

    _inherit = "construction.inbox"

    @api.model
    def _store_page(self, platform, parsed, delivery):
        """Store the events of one page in the caller's transaction and wake the drains of their
        lanes. What is read again leaves nothing.

        :param platform: `construction.platform` record
        :param parsed: list of `Envelope` and `Malformed`
        :param delivery: as of `_store`
        :return: (verdicts in the same order, id of the delivery that keeps what could not be
            taken, or None)
        """
        route = {"id": platform.id, "company_id": platform.company_id.id, "state": platform.state}
        receipt = self._insert(route, parsed, delivery)
        verdicts = [verdict for _event_id, verdict in receipt.results]
        trouble = {"malformed", "conflict"} & set(verdicts)
        evidence = None
        if trouble:
            verdict = "malformed" if "malformed" in trouble else "conflict"
            evidence = self._keep_trouble(route, verdict, delivery, receipt.delivery_id)
        for lane in sorted(receipt.asleep):
            self.env["construction.drain"]._enqueue(lane)
        return verdicts, evidence

    @api.model
    def _first_trouble(self, parsed, verdicts):
        """A sentence about the first record that could not be taken, or False."""
        for entry, verdict in zip(parsed, verdicts, strict=True):
            if isinstance(entry, Malformed):
                name = entry.event_id or "?"
                return self.env._("%(record)s: %(why)s", record=name, why=str(entry))
            if verdict == "conflict":
                return self.env._(
                    "Event %s came again with other content; the first one stays.", entry.id
                )
        return False
