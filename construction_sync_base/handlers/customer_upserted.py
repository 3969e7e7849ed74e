from odoo import models

from ..lib import names


class CustomerUpserted(models.AbstractModel):
    """customer.upserted → partner. Found by binding, then tax id, then normalised name if
    the policy allows; more than one match is a person's decision."""

    _name = "construction.handler.customer.upserted"
    _inherit = "construction.handler.partner"
    _description = "customer.upserted"

    _event_type = "construction.customer.upserted.v1"
    _order_in_batch = 8  # before the jobs that name it
    _rank = "customer_rank"
    _terms_field = "property_payment_term_id"

    def _match(self, items, policy):
        """{item id: partner}; parks what more than one partner fits."""
        result = {}
        for field, keys, allowed, how in (
            ("construction_tax_key", self._tax_keys(items), True, self.env._("tax id")),
            (
                "construction_name_key",
                {item.id: names.match_key(item.data["name"]) for item in items},
                policy.match_by_name,
                self.env._("name"),
            ),
        ):
            if not allowed:
                continue
            wanted = [key for item_id, key in keys.items() if item_id not in result]
            found = self._by_key(field, wanted, ("is_company", "=", True))
            for item in items:
                partners = found.get(keys[item.id])
                if not partners or item.id in result or item.blocked:
                    continue
                partners = partners.filtered("active") or partners
                if len(partners) == 1:
                    result[item.id] = partners
                else:
                    self._park_ambiguous(item, partners, how)
        return result

    def _park_ambiguous(self, item, partners, how):
        item.park(
            "duplicate",
            self.env._(
                "%(count)s partners fit customer “%(name)s” by %(how)s: %(partners)s.",
                count=len(partners),
                name=item.data["name"],
                how=how,
                partners=", ".join(partners[:5].mapped("display_name")),
            ),
            suggestion=self.env._("Choose the right one with “Map and resume”."),
            wait=f"external:customer|{item.external_id}",
        )
