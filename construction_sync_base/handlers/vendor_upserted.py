import re

from odoo import models

from ..lib import names

ACCOUNT_NUMBER = re.compile(r"(?:\d[ -]?){8,}|[A-Z]{2}\d{2}[A-Z0-9 ]{10,}")


class VendorUpserted(models.AbstractModel):
    """vendor.upserted → partner. Found by binding, then tax id, then normalised name if
    the policy allows; more than one match is a person's decision."""

    _name = "construction.handler.vendor.upserted"
    _inherit = "construction.handler.partner"
    _description = "vendor.upserted"

    _event_type = "construction.vendor.upserted.v1"
    _order_in_batch = 30
    _rank = "supplier_rank"
    _terms_field = "property_supplier_payment_term_id"

    def _apply(self, items):
        self._refuse_bank_details(items)
        return super()._apply(items)

    def _adopt(self, pairs):
        ids = {partner.id for _item, partner in pairs}
        taken = self._bound("vendor", "res.partner", ids, pairs[0][0].platform_id)
        for item, partner in pairs:
            if partner.id in taken:
                item.park(
                    "duplicate",
                    self.env._(
                        "%s is bound to another vendor of this platform already.",
                        partner.display_name,
                    ),
                    suggestion=self.env._("Merge the two vendors at the platform."),
                )
            else:
                taken.add(partner.id)
                differences = self._typed_differences(item, partner)
                self._audit_adopted(item, partner, "tax id or name", differences)

    # ---------------------------------------------------------------- match
    def _match(self, items, policy):
        """{item id: partner}; parks what more than one partner fits."""
        result = {}
        tax_keys = self._tax_keys(items)
        name_keys = {item.id: names.match_key(item.data["name"]) for item in items}
        nobody = self.env["res.partner"]
        by_tax = self._by_key("construction_tax_key", tax_keys.values())
        by_name = self._by_key(
            "construction_name_key", name_keys.values(), ("is_company", "=", True)
        )
        namesakes, new = [], {}
        for item in items:
            found = by_tax.get(tax_keys[item.id], nobody)
            how = self.env._("tax id")
            if not found and policy.match_by_name and not item.apart:
                found, how = by_name.get(name_keys[item.id], nobody), self.env._("name")
            elif not found and not item.apart:
                namesakes += [(item, p) for p in by_name.get(name_keys[item.id], ())]
            found = found.filtered("active") or found
            if len(found) == 1 and not found.active and item.data.get("active") is not False:
                item.park(
                    "inactive_target",
                    self.env._(
                        "Vendor “%(name)s” is archived here as %(partner)s.",
                        name=item.data["name"],
                        partner=found.display_name,
                    ),
                    suggestion=self.env._(
                        "Reactivate it, or choose another with “Map and resume”."
                    ),
                    wait=f"vendor|{item.external_id}",
                )
            elif len(found) == 1:
                result[item.id] = found
            elif found:
                item.park(
                    "duplicate",
                    self.env._(
                        "%(count)s partners fit vendor “%(name)s” by %(how)s: %(partners)s.",
                        count=len(found),
                        name=item.data["name"],
                        how=how,
                        partners=", ".join(found[:5].mapped("display_name")),
                    ),
                    suggestion=self.env._("Choose the right one."),
                    wait=f"vendor|{item.external_id}",
                    candidates=self._candidates(
                        found[:20],
                        [self._typed_differences(item, partner) for partner in found[:20]],
                    ),
                    may_be_new=how != self.env._("tax id"),
                )
            elif policy.match_by_name and not item.apart:
                if new.setdefault(name_keys[item.id], item) is not item:
                    item.park(
                        "duplicate",
                        self.env._(
                            "Two vendors of the platform are named “%s”.", item.data["name"]
                        ),
                        suggestion=self.env._("Merge the two vendors at the platform."),
                        wait=f"vendor|{item.external_id}",
                    )
        self._ask_namesakes(namesakes, tax_keys)
        return result

    def _ask_namesakes(self, namesakes, tax_keys):
        """A vendor of the same name that somebody typed may be the one meant, and is no
        proof: where no tax id speaks for or against it, and no platform's vendor is bound to
        it, a person decides.

        :param namesakes: list of (item, partner of the same normalised name)
        """
        ids = {partner.id for _item, partner in namesakes if partner.supplier_rank}
        if not ids:
            return
        bound = self._bound("vendor", "res.partner", ids)
        asked = {}
        for item, partner in namesakes:
            ours, theirs = partner.construction_tax_key, tax_keys[item.id]
            if partner.id in ids - bound and not (ours and theirs) and partner.active:
                asked.setdefault(item.id, (item, []))[1].append(partner)
        for item, partners in asked.values():
            item.park(
                "duplicate",
                self.env._(
                    "Vendor “%(name)s” may stand in Odoo already, typed by hand: %(partners)s.",
                    name=item.data["name"],
                    partners=", ".join(partner.display_name for partner in partners[:5]),
                ),
                suggestion=self.env._("Look at the differences and choose one, or a new one."),
                wait=f"vendor|{item.external_id}",
                candidates=self._candidates(
                    partners, [self._typed_differences(item, partner) for partner in partners]
                ),
            )

    def _typed_differences(self, item, partner):
        """How a partner differs from the event, as sentences."""
        data = item.data
        address = data.get("address") or {}
        pairs = (
            (self.env._("Name"), partner.name, data["name"]),
            (self.env._("Tax id"), partner.vat, data.get("vat")),
            (self.env._("Email"), partner.email, data.get("email")),
            (self.env._("Phone"), partner.phone, data.get("phone")),
            (self.env._("City"), partner.city, address.get("city")),
        )
        return [
            self.env._(
                "%(field)s: %(ours)s here, %(theirs)s there",
                field=label,
                ours=ours or "—",
                theirs=theirs or "—",
            )
            for label, ours, theirs in pairs
            if theirs and (ours or "") != theirs
        ]

    # --------------------------------------------------------------- values
    def _values(self, item, countries, terms):
        data, values = item.data, super()._values(item, countries, terms)
        if "is_subcontractor" in data:
            values["is_subcontractor"] = bool(data["is_subcontractor"])
        if "on_hold" in data:
            hold = data["on_hold"]
            values["construction_hold_reason"] = (hold.get("reason") or "—") if hold else False
        return values

    def _refuse_bank_details(self, items):
        """Bank details come from no event, whatever the policy."""
        for item in items:
            text = item.data.get("bank_change_requested")
            if text and ACCOUNT_NUMBER.search(text):
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "The bank change request holds what looks like an account number. "
                        "Account numbers are refused; ask the vendor in person."
                    ),
                )
            elif text:
                item.notice(
                    "ownership_conflict",
                    self.env._(
                        "Vendor %(name)s asks for a bank change: %(text)s",
                        name=item.data["name"],
                        text=text[:300],
                    ),
                    suggestion=self.env._("Two people verify and enter it by hand."),
                )
