from odoo import models

from .construction_resolver import ref_keys


class TreeHandler(models.AbstractModel):
    """phase.upserted and location.upserted: a tree of codes of a job, a company or all."""

    _name = "construction.handler.tree"
    _inherit = "construction.handler.domain"
    _description = "phase or location"

    _order_in_batch = 25
    _model = None

    def _apply(self, items):
        lists = self._lists(items)
        known = self._split_new(items, self._model)
        ready = []
        for item in items:
            if item.blocked:
                continue
            job, company = lists[item.id]
            item.company_id = company.id or item.company_id
            ready.append((item, (item.data["code"], company.id, job.id)))
        self._in_generations(ready, known, self._existing([key[0] for _item, key in ready]))

    def _existing(self, codes):
        """{(code, company, job): record}"""
        records = (
            self.env[self._model].with_context(active_test=False).search([("code", "in", codes)])
        )
        return {(r.code, r.company_id.id, r.job_id.id): r for r in records}

    def _in_generations(self, rows, known, existing):
        """Parents of the batch before their children, each generation in one statement."""
        fresh = {}
        while rows:
            coming = {item.external_id for item, _key in rows}
            ready = [row for row in rows if self._parent_id(row[0]) not in coming]
            ready = ready or rows  # a circle: the parents are not found, which says so
            parents = self._parents([item for item, _key in ready], fresh)
            created = []
            for item, key in ready:
                if item.blocked:
                    continue
                values = self._values(item) | (
                    {"parent_id": parents[item.id]} if item.id in parents else {}
                )
                record = known.get(item.id) or existing.get(key)
                if record:
                    self._update(item, record, values, key)
                    fresh[item.external_id] = record.id
                elif any(key == other for _item, other, _values in created):
                    item.park("duplicate", self.env._("Two records carry code %s.", key[0]))
                else:
                    values |= {"company_id": key[1], "job_id": key[2]}
                    created.append((item, key, values))
            records = self.env[self._model].create([values for _i, _k, values in created])
            for (item, key, _values), record in zip(created, records, strict=True):
                item.bind(record)
                existing[key] = record
                fresh[item.external_id] = record.id
            done = {item.id for item, _key in ready}
            rows = [row for row in rows if row[0].id not in done]

    def _parent_id(self, item):
        keys = ref_keys(item.data.get("parent"))
        return keys[-1][1] if keys else None

    def _parents(self, items, fresh):
        """{item id: id of its parent, or False where it lost it}; parks what has none yet."""
        result = {item.id: False for item in items if "parent" in item.data}
        outside = []
        for item in items:
            parent = self._parent_id(item)
            if parent in fresh:
                result[item.id] = fresh[parent]
            elif parent:
                outside.append(item)
        if outside:
            label = self.env[self._model]._description
            found = self._resolve(
                outside, items[0].object, self._model, lambda item: item.data["parent"], label
            )
            result |= {item_id: record.id for item_id, record in found.items()}
        return result

    def _values(self, item):
        data = item.data
        values = {"code": data["code"], "name": data["name"], "kind": data["kind"]}
        if "active" in data:
            values["active"] = data["active"] is not False
        return values

    def _update(self, item, record, values, key):
        if (record.company_id.id, record.job_id.id) != key[1:]:
            item.park(
                "ownership_conflict",
                self.env._(
                    "%s belongs to another job or company and cannot move.", record.display_name
                ),
                suggestion=self.env._("The platform sends a new one for that job."),
            )
            return
        parent = self.env[self._model].browse(values.get("parent_id") or ())
        if parent and self._park_loop(item, record, parent):
            return
        policy = self.env["construction.sync.policy"]._get(
            item.object, record.company_id.id, item.platform_id
        )
        changed = self._changed(record, policy._filter_update(values))
        if changed:
            record.write(changed)
        item.bind(record)
