from odoo import models

from ..lib import names

PROTECTED = {"name", "vat"}  # never written once the customer paid


class CustomerUpserted(models.AbstractModel):
    """customer.upserted → partner. Found by binding, then tax id, then normalised name if
    the policy allows; more than one match is a person's decision."""

    _name = "construction.handler.customer.upserted"
    _inherit = "construction.handler.domain"
    _description = "customer.upserted"

    _event_type = "construction.customer.upserted.v1"
    _order_in_batch = 8  # before the jobs that name it

    def _apply(self, items):
        partners = self.env["construction.handler.vendor.upserted"]
        terms, countries = partners._payment_terms(items), partners._countries(items)
        items = [item for item in items if not item.blocked]
        if not items:
            return
        policy = self.env["construction.sync.policy"]._get(
            "customer", items[0].company_id, items[0].platform_id
        )
        known = self._split_new(items, "res.partner")
        new = [item for item in items if item.id not in known and not item.blocked]
        matched = self._match(new, policy)
        paid = self.env["res.partner"].union(*known.values(), *matched.values())._has_payments()
        fresh = {}
        for item in items:
            if item.blocked:
                continue
            values = self._values(item, terms, countries)
            record = known.get(item.id) or matched.get(item.id)
            key = names.tax_key(item.data.get("vat") or "") or item.external_id
            if record:
                self._update(item, record, values, policy, record in paid)
            elif key in fresh:
                item.park(
                    "duplicate", self.env._("Two customers with tax id %s.", item.data.get("vat"))
                )
            else:
                fresh[key] = (item, values)
        created = self.env["res.partner"].create(
            [
                {"is_company": True, "customer_rank": 1, "company_id": False} | values
                for _item, values in fresh.values()
            ]
        )
        for (item, _values), partner in zip(fresh.values(), created, strict=True):
            item.bind(partner)

    def _match(self, items, policy):
        """{item id: partner}; parks what more than one partner fits."""
        result = {}
        for field, keys, allowed, how in (
            (
                "construction_tax_key",
                {item.id: names.tax_key(item.data.get("vat") or "") for item in items},
                True,
                self.env._("tax id"),
            ),
            (
                "construction_name_key",
                {item.id: names.match_key(item.data["name"]) for item in items},
                policy.match_by_name,
                self.env._("name"),
            ),
        ):
            wanted = {key for item_id, key in keys.items() if key and item_id not in result}
            if not (allowed and wanted):
                continue
            found = (
                self.env["res.partner"]
                .with_context(active_test=False)
                .search([(field, "in", list(wanted)), ("is_company", "=", True)])
                .grouped(field)
            )
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

    def _values(self, item, terms, countries):
        data = item.data
        values = {"name": data["name"]}
        for name in ("vat", "email", "phone"):
            if name in data:
                values[name] = data[name] or False
        if "active" in data:
            values["active"] = data["active"] is not False
        if "address" in data:
            address = data["address"] or {}
            country, states = countries.get(address.get("country"), (None, {}))
            values |= {
                "street": address.get("street") or False,
                "city": address.get("city") or False,
                "zip": address.get("zip") or False,
                "country_id": country.id if country else False,
                "state_id": states.get(address.get("state"), False),
            }
        if data.get("payment_terms") in terms:
            values["property_payment_term_id"] = terms[data["payment_terms"]]
        return values

    def _update(self, item, partner, values, policy, paid):
        changed = self._changed(partner, policy._filter_update(values))
        kept = [
            name
            for name in changed
            if paid and (name in PROTECTED or (partner[name] and name != "active"))
        ]
        if kept:
            for name in kept:
                changed.pop(name)
            labels = [partner._fields[n]._description_string(self.env) for n in sorted(kept)]
            item.notice(
                "ownership_conflict",
                self.env._(
                    "%(customer)s has invoices or payments, so the platform does not change: "
                    "%(fields)s.",
                    customer=partner.display_name,
                    fields=", ".join(labels),
                ),
                suggestion=self.env._("Compare, and change it by hand if it is right."),
            )
        if not partner.customer_rank:
            changed["customer_rank"] = 1
        if changed:
            partner.write(changed)
        item.bind(partner)
