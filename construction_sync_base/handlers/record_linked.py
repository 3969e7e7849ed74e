from odoo import models


class RecordLinked(models.AbstractModel):
    """record.linked → binding to the record of Odoo that `origin_id` names, or to the one
    it was unlinked from. What fits two records is a person's decision. Snapshots that wait
    for the link go on, so it does not wait for them and is no version of the record."""

    _name = "construction.handler.record.linked"
    _inherit = "construction.handler.record"
    _description = "record.linked"

    _event_type = "construction.record.linked.v1"
    _passes_parked = True
    _order_in_batch = 4  # before the snapshots that refer to it

    def _apply_object(self, items, name, model):
        own = self.env["construction.resolver"]._own_records(
            name, [item.data.get("origin_id") for item in items], items[0].platform_id
        )
        bindings = self._bindings_of(items, name).grouped("external_id")
        takers = self._takers(items, name, own.values())
        ids = [row.res_id for row in bindings.values() if row.res_model == model]
        existing = {record.id: record for record in self.env[model].browse(ids).exists()}
        linked = []
        for item in items:
            binding = bindings.get(item.external_id)
            before = existing.get(binding.res_id) if binding else None
            told = own.get(str(item.data.get("origin_id") or ""))
            record = told or before
            if not record:
                self._park_unknown(item, name)
            elif told and before and before != told and not binding.unlinked:
                item.park(
                    "ownership_conflict",
                    self.env._(
                        "The platform links its record to %(told)s, it is bound to %(before)s.",
                        told=told.display_name,
                        before=before.display_name,
                    ),
                    wait=f"external:{name}|{item.external_id}",
                    suggestion=self.env._("Choose the right one with “Map and resume”."),
                )
            elif takers.get(record.id, item.external_id) != item.external_id:
                item.park(
                    "duplicate",
                    self.env._(
                        "%(record)s is bound to “%(other)s” of this platform already.",
                        record=record.display_name,
                        other=takers[record.id],
                    ),
                    suggestion=self.env._("Merge the two at the platform, or unlink the other."),
                )
            else:
                takers[record.id] = item.external_id
                item.sequence = item.time = None
                item.bind(record)
                linked.append((name, item.external_id))
        self.env["construction.resolver"].sudo()._available(linked, items[0].platform_id)

    def _takers(self, items, name, records):
        """{record id: external id} of the records that are bound on this platform already."""
        rows = self._bindings(
            name,
            ("platform_id", "=", items[0].platform_id),
            ("unlinked", "=", False),
            ("merged_into", "=", False),
            ("res_id", "in", [record.id for record in records]),
        )
        return {row.res_id: row.external_id for row in rows}

    def _park_unknown(self, item, name):
        item.park(
            "unmapped_reference",
            self.env._(
                "The platform links %(object)s “%(value)s” to a record that Odoo does not have: "
                "%(origin)s.",
                object=name,
                value=item.external_id,
                origin=item.data.get("origin_id") or "—",
            ),
            wait=f"external:{name}|{item.external_id}",
            suggestion=self.env._("Choose the record with “Map and resume”."),
        )
