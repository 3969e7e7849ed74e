from odoo import models

from ..models.construction_resolver import code_of


class CostCodeUpserted(models.AbstractModel):
    """cost_code.upserted → cost code of the job's, the company's or the shared list."""

    _name = "construction.handler.cost_code.upserted"
    _inherit = "construction.handler.domain"
    _description = "cost_code.upserted"

    _event_type = "construction.cost_code.upserted.v1"
    _order_in_batch = 20

    def _apply(self, items):
        lists = self._lists(items)
        uoms = self._uoms(
            [
                (item, self.env["res.company"].browse(item.company_id), item.data.get("uom"))
                for item in items
                if not item.blocked
            ]
        )
        types = self._allowed_types(items)
        known = self._split_new(items, "construction.cost.code")
        ready = []
        for item in items:
            if item.blocked:
                continue
            job, company = lists[item.id]
            item.company_id = company.id or item.company_id
            ready.append((item, job, company))
        existing = self._existing([item.data["code"] for item, _j, _c in ready])
        parents = self._existing(
            [item.data["parent_code"] for item, _j, _c in ready if item.data.get("parent_code")]
        )
        taken = self._bound(
            "cost_code",
            "construction.cost.code",
            {record.id for record in existing.values()},
            items[0].platform_id,
        )
        fresh, updates = [], []
        for item, job, company in ready:
            key = (item.data["code"], company.id, job.id)
            record = known.get(item.id) or existing.get(key)
            values = self._values(item, types, uoms)
            if record and item.id not in known and record.id in taken:
                self._park_taken(item, record)
            elif record:
                updates.append((item, record, values))
            else:
                fresh.append((item, values | {"company_id": company.id, "job_id": job.id}))
        made = self._create_codes(fresh, parents)  # first: it may hold the parents of the others
        holders = existing | made
        for item, record, values in updates:
            holder = holders.get((item.data["code"], record.company_id.id, record.job_id.id))
            if holder and holder != record:
                self._park_taken(item, holder)
            else:
                self._update(item, record, values, parents, made)

    def _park_taken(self, item, holder):
        item.park(
            "duplicate",
            self.env._(
                "Cost code %(code)s is another record of the platform here already: %(holder)s.",
                code=item.data["code"],
                holder=holder.display_name,
            ),
            wait=f"external:cost_code|{item.external_id}",
            suggestion=self.env._(
                "The platform changes one of the two codes, or bind both to the same record with "
                "“Map and resume”."
            ),
        )

    def _allowed_types(self, items):
        """{code: id}, through the crosswalk or by the code itself."""
        codes = {code for item in items for code in item.data.get("cost_types") or ()}
        if not codes:
            return {}
        CostType = self.env["construction.cost.type"]
        result = {r.code: r.id for r in CostType.search([("code", "in", list(codes))])}
        mapped = self.env["construction.resolver"]._codes(
            "cost_type", codes, items[0].platform_id, items[0].company_id
        )
        return result | {code: res_id for code, (model, res_id) in mapped.items() if model}

    def _existing(self, codes):
        """{(code, company, job): record}"""
        records = (
            self.env["construction.cost.code"]
            .with_context(active_test=False)
            .search([("code", "in", list(set(codes)))])
        )
        return {(r.code, r.company_id.id, r.job_id.id): r for r in records}

    def _values(self, item, types, uoms):
        data = item.data
        values = {
            "code": data["code"],
            "name": data["name"],
        }
        if "active" in data:
            values["active"] = data["active"] is not False
        if "uom" in data:
            uom = uoms.get((item.id, code_of(data["uom"])))
            values["uom_id"] = uom.id if uom else False
        if data.get("cost_types"):
            ids = [types[code] for code in data["cost_types"] if code in types]
            values["cost_type_ids"] = sorted(ids)
        return values

    def _update(self, item, record, values, parents, made):
        policy = self.env["construction.sync.policy"]._get(
            "cost_code", record.company_id.id, item.platform_id
        )
        if item.data.get("parent_code"):
            parent = self._parent(item, record.company_id.id, record.job_id.id, parents, made)
            if item.blocked:
                return
            if self._park_loop(item, record, parent):
                return
            values["parent_id"] = parent.id
        elif "parent_code" in item.data:
            values["parent_id"] = False
        changed = self._changed(record, policy._filter_update(values))
        if "cost_type_ids" in changed:
            changed["cost_type_ids"] = [(6, 0, changed["cost_type_ids"])]
        if changed:
            record.write(changed)
        item.bind(record)

    def _parent(self, item, company_id, job_id, parents, fresh):
        code = item.data["parent_code"]
        for key in ((code, company_id, job_id), (code, company_id, False), (code, False, False)):
            if key in fresh:
                return fresh[key]
            if key in parents:
                return parents[key]
        item.park(
            "unmapped_reference",
            self.env._("Parent code “%s” does not exist yet.", code),
            wait=f"cost_code|{code}",
        )
        return self.env["construction.cost.code"]

    def _create_codes(self, rows, parents):
        """One generation of the tree after the other, each in one statement."""
        fresh = {}
        while rows:
            coming = {values["code"] for _item, values in rows}
            ready = [row for row in rows if row[0].data.get("parent_code") not in coming]
            ready = ready or rows
            seen, batch = {}, []
            for item, values in ready:
                key = (values["code"], values["company_id"], values["job_id"])
                if key in seen:
                    item.park("duplicate", self.env._("Two records carry code %s.", values["code"]))
                    continue
                if item.data.get("parent_code"):
                    parent = self._parent(item, key[1], key[2], parents, fresh)
                    if item.blocked:
                        continue
                    values["parent_id"] = parent.id
                if "cost_type_ids" in values:
                    values["cost_type_ids"] = [(6, 0, values["cost_type_ids"])]
                seen[key] = item
                batch.append((item, values))
            records = self._create_bound("construction.cost.code", batch)
            for (_item, values), record in zip(batch, records, strict=True):
                fresh[values["code"], values["company_id"], values["job_id"]] = record
            done = {item.id for item, _values in ready}
            rows = [row for row in rows if row[0].id not in done]
        return fresh
