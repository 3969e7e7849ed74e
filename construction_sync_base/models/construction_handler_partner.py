from odoo import models

from ..lib import names
from .construction_resolver import code_of

PROTECTED = {"name", "vat"}  # never written once money went to or came from the partner
STATES = {"active", "construction_hold_reason", "is_subcontractor"}  # no data to overwrite


class PartnerHandler(models.AbstractModel):
    """customer.upserted and vendor.upserted: what the event says of a partner, and what a
    platform may not change in one that paid or was paid."""

    _name = "construction.handler.partner"
    _inherit = "construction.handler.domain"
    _description = "customer or vendor"

    _rank = None  # field of the partner that says it is one
    _terms_field = None

    def _apply(self, items):
        countries, terms = self._lookups(items)
        items = [item for item in items if not item.blocked]
        if not items:
            return
        policy = self.env["construction.sync.policy"]._get(
            items[0].object, items[0].company_id, items[0].platform_id
        )
        known = self._split_new(items, "res.partner")
        new = [item for item in items if item.id not in known and not item.blocked]
        matched = self._match(new, policy)
        if matched:
            self._adopt([(item, matched[item.id]) for item in new if item.id in matched])
        settled = self.env["res.partner"].union(*known.values(), *matched.values())._has_payments()
        fresh, tax_keys = {}, self._tax_keys(items)
        for item in items:
            if item.blocked:
                continue
            values = self._values(item, countries, terms)
            partner = known.get(item.id) or matched.get(item.id)
            key = tax_keys[item.id] or item.external_id
            if partner:
                self._update(item, partner, values, policy, partner in settled)
            elif key in fresh:
                item.park(
                    "duplicate",
                    self.env._("Two of one batch have tax id %s.", item.data.get("vat")),
                )
            else:
                fresh[key] = (item, values)
        self._create_partners(fresh.values())

    def _match(self, items, policy):
        """{item id: partner}; parks what is a person's decision."""
        raise NotImplementedError  # each has its own

    def _adopt(self, pairs):
        """What there is to say of partners found by tax id or name, before they change.

        :param pairs: list of (item, partner)
        """

    def _lookups(self, items):
        """(countries, payment terms) that the items name; parks what is not mapped."""
        company = self.env["res.company"].browse(items[0].company_id)
        terms = self._payment_terms([(i, company, i.data.get("payment_terms")) for i in items])
        return self._countries(items), terms

    def _countries(self, items):
        """{code or name, in capitals: (country, {the same of its states: id})}"""
        sent = {_address(item).get("country") for item in items} - {None, ""}
        if not sent:
            return {}
        records = self.env["res.country"].search(
            ["|", ("code", "in", [text.upper() for text in sent]), ("name", "in", list(sent))]
        )
        result = {}
        for country in records:
            states = {
                key.upper(): state.id
                for state in country.state_ids
                for key in (state.name, state.code)
            }
            result |= dict.fromkeys((country.code, country.name.upper()), (country, states))
        return result

    def _values(self, item, countries, terms):
        data = item.data
        values = {"name": data["name"]}
        for name in ("vat", "email", "phone"):
            if name in data:
                values[name] = data[name] or False
        if "active" in data:
            values["active"] = data["active"] is not False
        if "address" in data:
            address = _address(item)
            text = address.get("country") or ""
            country, states = countries.get(text.upper(), (None, {}))
            if text and not country:
                item.notice(
                    "unmapped_reference",
                    self.env._("Odoo has no country “%s”: the address stands without it.", text),
                    suggestion=self.env._("Set it by hand; a code such as US is understood."),
                )
            values |= {
                "street": address.get("street") or False,
                "city": address.get("city") or False,
                "zip": address.get("zip") or False,
                "country_id": country.id if country else False,
                "state_id": states.get((address.get("state") or "").upper(), False),
            }
        term = terms.get((item.id, code_of(data.get("payment_terms"))))
        if term:
            values[self._terms_field] = term.id
        return values

    def _by_key(self, field, keys, *conditions):
        """{key: partners that have it, archived ones included}; an empty key finds nobody.

        :param keys: keys of `lib.names`
        """
        wanted = set(keys) - {""}
        if not wanted:
            return {}
        partners = self.env["res.partner"].with_context(active_test=False)
        return partners.search([(field, "in", list(wanted)), *conditions]).grouped(field)

    def _tax_keys(self, items):
        """{item id: key of its tax id, empty without one}"""
        return {item.id: names.tax_key(item.data.get("vat") or "") for item in items}

    def _create_partners(self, rows):
        """:param rows: list of (item, values)"""
        fixed = {"is_company": True, self._rank: 1, "company_id": False}
        self._create_bound("res.partner", [(item, fixed | values) for item, values in rows])

    def _update(self, item, partner, values, policy, settled):
        """:param settled: whether money went to or came from the partner already"""
        changed = self._changed(partner, policy._filter_update(values))
        kept = [
            name
            for name in changed
            if settled and (name in PROTECTED or (partner[name] and name not in STATES))
        ]
        if kept:
            labels = [partner._fields[n]._description_string(self.env) for n in sorted(kept)]
            item.notice(
                "ownership_conflict",
                self.env._(
                    "%(partner)s was paid or has paid already, so the platform does not change: "
                    "%(fields)s.",
                    partner=partner.display_name,
                    fields=", ".join(labels),
                ),
                suggestion=self.env._("Compare, and change it by hand if it is right."),
            )
        changed = {name: value for name, value in changed.items() if name not in kept}
        if not partner[self._rank]:
            changed[self._rank] = 1
        if changed:
            partner.write(changed)
        item.bind(partner)


def _address(item):
    return item.data.get("address") or {}
