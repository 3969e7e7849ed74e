from odoo import models


class RecordHandler(models.AbstractModel):
    """What the four `record.…` events share: they speak of a record of any kind, change its
    binding and leave the record itself as it is."""

    _name = "construction.handler.record"
    _inherit = "construction.handler.domain"
    _description = "record.…"

    _replaces = False
    _order_in_batch = 70
    _object = None  # kind of record, where the type of the event names it

    def _apply(self, items):
        models_of = self.env["construction.resolver"]._models()
        by_object = {}
        for item in items:
            name = item.data.get("object") or self._object
            if name not in models_of:
                item.park(
                    "schema",
                    self.env._("Nothing here keeps records of kind “%s”.", name),
                    suggestion=self.env._("Discard the event, or install the addon."),
                )
                continue
            self._take_place(item, name)
            by_object.setdefault(name, []).append(item)
        for name, group in by_object.items():
            self._apply_object(group, name, models_of[name])

    def _take_place(self, item, name):
        """From here on the item stands for the record it speaks of. A sequence counts the
        versions of the subject; of another subject than the record's it says nothing."""
        item.object = name
        own = f"{name}/{item.external_id}"
        if item.subject != own and name != "budget":
            item.subject, item.sequence = own, None

    def _apply_object(self, items, name, model):
        raise NotImplementedError  # every fact has its own

    def _bound_records(self, items, name, model, external_ids):
        """{external id: record} of what is bound and not unlinked."""
        found = self.env["construction.resolver"]._records(
            items[0].platform_id, name, [("external", value) for value in external_ids]
        )
        ids = {res_id for target, res_id in found.values() if target == model and res_id}
        existing = {record.id: record for record in self.env[model].browse(ids).exists()}
        return {
            key[1]: existing[res_id] for key, (_m, res_id) in found.items() if res_id in existing
        }

    def _part(self, items, name, model, told, suggestion, **how):
        """Bind for the last time, and say so where the document lives on in Odoo.

        :param told: what the platform did, as a sentence
        :param how: what `Item.bind` is told about it
        """
        known = self._bound_records(items, name, model, [item.external_id for item in items])
        for item in items:
            record = known.get(item.external_id)
            item.bind(record, **how)
            still = self._still_open(record) if record else None
            if still:
                item.notice("matching", f"{told} {still}", suggestion=suggestion)

    def _still_open(self, record):
        """A sentence about a document that lives on in Odoo, or None."""
        if record._name == "purchase.order" and record.state != "cancel":
            return self.env._("%s stays as it is in Odoo.", record.display_name)
        if record._name == "project.project" and record.job_status != "closed":
            return self.env._("Job %s stays as it is in Odoo.", record.display_name)
        return None
