from odoo import models


class CostTypeUpserted(models.AbstractModel):
    """cost_type.upserted → cost type; a shipped type of the same code is bound, not doubled."""

    _name = "construction.handler.cost_type.upserted"
    _inherit = "construction.handler.domain"
    _description = "cost_type.upserted"

    _event_type = "construction.cost_type.upserted.v1"
    _order_in_batch = 5

    def _apply(self, items):
        entities, shared = self._entity_companies(items), self._list_company(items)
        known = self._split_new(items, "construction.cost.type")
        CostType = self.env["construction.cost.type"]
        by_code = {}
        for record in CostType.with_context(active_test=False).search(
            [("code", "in", [item.data["code"] for item in items])]
        ):
            by_code[record.code, record.company_id.id] = record
        fresh = []
        for item in items:
            if item.blocked:
                continue
            company = entities[item.id] or shared
            data = item.data
            record = known.get(item.id)
            if not record:
                record = by_code.get((data["code"], company.id)) or by_code.get(
                    (data["code"], False)
                )
            if record is not None and record:
                if item.id in known:
                    self._update(item, record)
                item.bind(record)
            else:
                key = (data["code"], company.id)
                if any((row["code"], row["company_id"]) == key for _item, row in fresh):
                    item.park("duplicate", self.env._("Two cost types have code %s.", data["code"]))
                    continue
                fresh.append(
                    (
                        item,
                        {
                            "code": data["code"],
                            "name": data["name"],
                            "category": data["category"],
                            "company_id": company.id,
                            "active": data.get("active") is not False,
                        },
                    )
                )
        types = CostType.sudo().create([values for _item, values in fresh])
        for (item, _values), record in zip(fresh, types, strict=True):
            item.bind(record)

    def _update(self, item, record):
        """The category decides ledger accounts, so it stays as it was."""
        if item.data["category"] != record.category:
            item.notice(
                "ownership_conflict",
                self.env._(
                    "Cost type %(name)s keeps its category %(old)s; the platform says %(new)s.",
                    name=record.name,
                    old=record.category,
                    new=item.data["category"],
                ),
            )
        policy = self.env["construction.sync.policy"]._get(
            "cost_type", record.company_id.id, item.platform_id
        )
        values = {"name": item.data["name"]}
        if "active" in item.data:
            values["active"] = item.data["active"] is not False
        if not record.company_id:
            values = {}  # a shipped type is shared by all companies and no platform's own
        values = self._changed(record, policy._filter_update(values))
        if values:
            record.sudo().write(values)
