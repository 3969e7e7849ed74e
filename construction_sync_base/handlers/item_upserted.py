from odoo import models

from ..models.construction_resolver import code_of


class ItemUpserted(models.AbstractModel):
    """item.upserted → product that is bought, without a stock unless the platform keeps
    one. Found by binding, then by internal reference; two that carry it are a question."""

    _name = "construction.handler.item.upserted"
    _inherit = "construction.handler.domain"
    _description = "item.upserted"

    _event_type = "construction.item.upserted.v1"
    _order_in_batch = 22

    def _apply(self, items):
        entities, shared = self._entity_companies(items), self._list_company(items)
        known = self._split_new(items, "product.product")
        ready = []
        for item in items:
            if item.blocked:
                continue
            company = entities[item.id] or shared
            item.company_id = company.id or item.company_id
            ready.append((item, company))
        uoms = self._uoms([(i, c, i.data["uom"]) for i, c in ready])
        taxes = self._taxes([(i, c, i.data.get("tax_code")) for i, c in ready])
        categories = self._categories(ready)
        by_code = self._by_code([item.data["code"] for item, _c in ready])
        fresh = {}
        for item, company in ready:
            values = self._values(item, uoms, taxes, categories)
            if item.blocked:
                continue
            record = known.get(item.id) or self._namesake(item, company, by_code)
            if item.blocked:
                continue
            key = (item.data["code"], company.id)
            if record:
                self._update(item, record, values)
            elif key in fresh:
                item.park("duplicate", self.env._("Two items have code %s.", key[0]))
            else:
                fresh[key] = (item, values | {"company_id": company.id} | self._kind(item))
        self._create_bound("product.product", fresh.values())
        named = [(i.external_id, i.data["code"]) for i, _c in ready if not i.blocked]
        self.env["construction.resolver"].sudo()._available(
            [("product", text) for pair in named for text in pair], items[0].platform_id
        )

    def _kind(self, item):
        """What is decided once: a product with moves does not change it any more."""
        return {
            "type": "consu",
            "is_storable": bool(item.data["stocked"]),
            "purchase_ok": True,
            "sale_ok": False,
        }

    def _by_code(self, codes):
        records = (
            self.env["product.product"]
            .with_context(active_test=False)
            .search([("default_code", "in", codes)])
        )
        return records.grouped("default_code")

    def _namesake(self, item, company, by_code):
        """The one product that carries the code, in the company or shared."""
        found = by_code.get(item.data["code"], self.env["product.product"])
        found = found.filtered(lambda product: product.company_id in (company, company.browse()))
        found = found.filtered("active") or found
        if len(found) > 1:
            item.park(
                "duplicate",
                self.env._(
                    "%(count)s products carry internal reference %(code)s: %(products)s.",
                    count=len(found),
                    code=item.data["code"],
                    products=", ".join(found[:5].mapped("display_name")),
                ),
                wait=f"external:item|{item.external_id}",
                suggestion=self.env._("Choose the right one with “Map and resume”."),
            )
        return found[:1]

    def _categories(self, ready):
        """{name: category} of the categories of that very name."""
        named = {item.data.get("category") for item, _c in ready} - {None, ""}
        found = self.env["product.category"].search([("name", "in", list(named))])
        return {name: group for name, group in found.grouped("name").items() if len(group) == 1}

    def _values(self, item, uoms, taxes, categories):
        data = item.data
        values = {"default_code": data["code"], "name": data["name"]}
        uom = uoms.get((item.id, code_of(data["uom"])))
        if uom:
            values["uom_id"] = uom.id
        if "active" in data:
            values["active"] = data["active"] is not False
        if data.get("tax_code"):
            values["supplier_taxes_id"] = taxes[item.id, code_of(data["tax_code"])].ids
        name = data.get("category")
        if name in categories:
            values["categ_id"] = categories[name].id
        elif name:
            item.notice(
                "unmapped_reference",
                self.env._("No product category, or more than one, is named “%s”.", name),
                suggestion=self.env._("Set the category of the product by hand."),
            )
        return values

    def _update(self, item, product, values):
        policy = self.env["construction.sync.policy"]._get(
            "item", product.company_id.id or item.company_id, item.platform_id
        )
        changed = self._changed(product, policy._filter_update(values))
        kept = []
        if changed.pop("uom_id", None):
            kept.append(self.env._("unit"))
        if product.is_storable != bool(item.data["stocked"]):
            kept.append(self.env._("stock keeping"))
        if kept:
            item.notice(
                "ownership_conflict",
                self.env._(
                    "%(product)s keeps what its moves and orders were made with: %(what)s.",
                    product=product.display_name,
                    what=", ".join(kept),
                ),
                suggestion=self.env._("Compare, and change it by hand if nothing used it yet."),
            )
        if changed:
            product.write(changed)
        item.bind(product)
