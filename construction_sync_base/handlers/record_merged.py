from odoo import models

from ..models.construction_resolver import ref_keys

# A merge of these would leave two living documents for one.
DOCUMENTS = {"commitment", "change_order", "budget"}


class RecordMerged(models.AbstractModel):
    """record.merged → the bindings of the sources lead to the record that stays, so that
    later references find it. Documents of the others stay where they are."""

    _name = "construction.handler.record.merged"
    _inherit = "construction.handler.record"
    _description = "record.merged"

    _event_type = "construction.record.merged.v1"

    def _apply_object(self, items, name, model):
        if name in DOCUMENTS:
            for item in items:
                item.park(
                    "ownership_conflict",
                    self.env._("Documents are not merged: each has its own place in the books."),
                    suggestion=self.env._("The platform voids one and changes the other."),
                )
            return
        masters = {item.id: self._master(item) for item in items}
        sources = {item.id: self._sources(item) for item in items}
        wanted = [ref_keys(ref) for ref in masters.values()]
        wanted += [ref_keys(ref) for refs in sources.values() for ref in refs]
        platform = self.env["construction.platform"].sudo().browse(items[0].platform_id)
        found = self.env["construction.resolver"]._records(
            platform.id, name, [key for keys in wanted for key in keys], platform.company_ids.ids
        )
        ids = {res_id for target, res_id in found.values() if target == model and res_id}
        existing = {record.id: record for record in self.env[model].browse(ids).exists()}

        def record_of(ref):
            hits = (found.get(key, (None, None))[1] for key in ref_keys(ref))
            return next((existing[res_id] for res_id in hits if res_id in existing), None)

        for item in items:
            own = [(ref, record_of(ref)) for ref in sources[item.id]]
            self._merge(item, name, masters[item.id], record_of(masters[item.id]), own)

    def _master(self, item):
        return item.external_id

    def _sources(self, item):
        return item.data["sources"]

    def _merge(self, item, name, master, survivor, sources):
        """:param sources: list of (reference, record or None)"""
        known = {record.id: record for _ref, record in sources if record}
        if survivor is None and len(known) > 1:
            item.park(
                "duplicate",
                self.env._(
                    "“%(master)s” took the place of several records here: %(records)s.",
                    master=_external(master) or item.external_id,
                    records=", ".join(record.display_name for record in known.values()),
                ),
                wait=f"external:{name}|{_external(master) or item.external_id}",
                suggestion=self.env._("Choose the one that stays with “Map and resume”."),
            )
            return
        survivor = survivor or next(iter(known.values()), None)
        if survivor is None:
            return  # nothing of it ever came here
        master_id = _external(master) or item.external_id
        item.bind(survivor, external_id=master_id)
        for ref, _record in sources:
            if _external(ref) and _external(ref) != master_id:
                item.bind(survivor, external_id=_external(ref), merged_into=master_id)
        others = [record for record in known.values() if record != survivor]
        if others:
            item.notice(
                "duplicate",
                self.env._(
                    "Merged at the platform: %(sources)s into %(master)s. From now on all of "
                    "them lead to %(master)s; documents of the others stay where they are.",
                    sources=", ".join(record.display_name for record in others),
                    master=survivor.display_name,
                ),
                suggestion=self.env._("Archive the others once nothing of them is open."),
            )


def _external(ref):
    """The platform's own id in a reference, or None."""
    if isinstance(ref, str):
        return ref
    return str(ref["external_id"]) if ref.get("external_id") else None
