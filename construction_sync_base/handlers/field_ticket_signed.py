from decimal import Decimal

from odoo import models

from ..lib import money


class FieldTicketSigned(models.AbstractModel):
    """field_ticket.signed → a ticket with its change order: the one it names, else a potential
    one of its own. Its amount is exposure until that one is priced."""

    _name = "construction.handler.field_ticket.signed"
    _inherit = "construction.handler.domain"
    _description = "field_ticket.signed"

    _event_type = "construction.field_ticket.signed.v1"
    _lane = "critical"
    _order_in_batch = 56

    def _apply(self, items):
        known = self._split_new(items, "construction.field.ticket")
        jobs = self._resolve(
            items, "job", "project.project", lambda item: item.data["job"], self.env._("Job")
        )
        changes = self._resolve(
            items,
            "change_order",
            "construction.change.order",
            lambda item: item.data.get("change_order"),
            self.env._("Change order"),
        )
        currencies = self._currencies(items)
        for item in items:
            if item.blocked:
                continue
            job, ticket = jobs[item.id], known.get(item.id)
            item.company_id = job.company_id.id
            change = changes.get(item.id) or (ticket and ticket.change_id)
            currency = self._ticket_currency(item, job, change, currencies)
            if not currency or not self._fits(item, job, change, ticket):
                continue
            values = self._values(item, job, currency)
            if values is not None:
                item.bind(self._save(item, ticket, change, values))

    def _ticket_currency(self, item, job, change, currencies):
        """That of the event, else of the change order, else of the job."""
        own = change.currency_id if change else None
        if not item.data.get("currency"):
            return own or job.company_id.currency_id
        return self._currency(item, currencies, own)

    def _fits(self, item, job, change, ticket):
        for record in filter(None, (change, ticket)):
            if record.job_id != job:
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "%(record)s belongs to job %(owner)s, the ticket to %(job)s.",
                        record=record.display_name,
                        owner=record.job_id.display_name,
                        job=job.display_name,
                    ),
                )
        return not item.blocked

    def _values(self, item, job, currency):
        data, digits = item.data, currency.decimal_places
        if data.get("amount") is not None:
            amount = self._number(item, money.parse_amount, data["amount"], "amount", digits)
        else:
            parts = [
                self._number(item, money.parse_amount, line["amount"], "materials.amount", digits)
                for line in data.get("materials") or ()
                if line.get("amount") is not None
            ]
            amount = None if None in parts else sum(parts, Decimal(0))
        if amount is None:
            return None
        signed = data.get("signed_by") or {}
        by = (signed.get("name"), signed.get("company"), (signed.get("at") or "")[:10])
        return {
            "number": data["number"],
            "job_id": job.id,
            "date": data["date"],
            "respond_by": data.get("respond_by") or False,
            "description": data["description"],
            "detail": "\n".join(self._details(data)) or False,
            "currency_id": currency.id,
            "amount": money.to_float(amount, digits),
            "signed_by": ", ".join(filter(None, by)) or False,
            "platform_ref": item.external_id,
        }

    def _details(self, data):
        """What was used, one thing a line, as sent; it informs, cost comes by its own facts."""
        for line in data.get("labor") or ():
            who = line.get("classification") or _named(line.get("employee"))
            yield self.env._("%(hours)s h %(type)s: %(who)s", hours=line["hours"],
                             type=line["time_type"], who=who)  # fmt: skip
        for line in data.get("equipment") or ():
            what = line.get("category") or _named(line.get("equipment"))
            yield self.env._("%(hours)s h: %(what)s", hours=line["hours"], what=what)
        for line in data.get("materials") or ():
            quantity = " ".join(filter(None, (str(line["quantity"]), _named(line.get("uom")))))
            amount = f" = {line['amount']}" if line.get("amount") is not None else ""
            yield f"{quantity} {line['description']}{amount}"

    def _save(self, item, ticket, change, values):
        Change = self.env["construction.change.order"]._opened()
        if not change:
            change = Change.create(
                {
                    "title": values["description"].strip().split("\n")[0][:100],
                    "number": Change._free_number(item.data["number"], values["job_id"]),
                    "job_id": values["job_id"],
                    "currency_id": values["currency_id"],
                    "date": values["date"],
                    "respond_by": values["respond_by"],
                    "origin": "site",
                    "stage": "field_directed",
                    "state": "potential",
                    "from_platform": True,
                }
            )
        values["change_id"] = change.id
        if ticket:
            ticket = ticket.with_env(Change.env)
            ticket.write(self._changed(ticket, values))
            return ticket
        return self.env["construction.field.ticket"].create(values)


def _named(reference):
    if isinstance(reference, dict):
        return next((str(value) for value in reference.values() if value), "")
    return reference or ""
