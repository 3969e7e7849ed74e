from odoo import api, models

from .construction_change import APPLYING


class ConstructionChangeMixin(models.AbstractModel):
    """What decides how events are applied. Every edit of it is a change set: one that was
    proposed, checked and activated, or, for an edit on the spot, one that is made here, so
    that there always is a history and a way back."""

    _name = "construction.change.mixin"
    _description = "Under Change Control"

    _unversioned = ()  # fields that say nothing about how events are applied
    _versioned_children = ()  # one2many fields whose records go with this one

    @api.model
    def _versioned_fields(self):
        """Names of the fields that a change set keeps."""
        return [
            name
            for name, field in sorted(self._fields.items())
            if field.store
            and name not in models.MAGIC_COLUMNS
            and not field.related
            and field.type not in ("one2many", "many2many", "binary")
            and name not in self._unversioned
        ]

    def _values_now(self, names=None):
        """{id: {field: JSON value}} of what stands in the database."""
        names = list(names or self._versioned_fields())
        rows = self.sudo().with_context(active_test=False, lang=None).read(names, load=None)
        return {row.pop("id"): row for row in rows}

    def _controls(self, operation, old, new):
        """Whether an edit of this record can loosen what controls money, so that two people
        of Finance decide it.

        :param operation: `create`, `write` or `delete`
        :param old: the values that it takes away, {} for a new record
        :param new: the values that it gives, {} for a deleted one
        """
        return False

    def _is_noted(self):
        """Whether this edit is one on the spot. A context alone proves no installation: a
        client may send it."""
        context = self.env.context
        return context.get("construction_applying") is not APPLYING and not (
            self.env.su and (context.get("install_mode") or context.get("uninstall_mode"))
        )

    @api.model_create_multi
    def create(self, vals_list):
        if not self._is_noted():
            return super().create(vals_list)
        changes = self.env["construction.change"]
        change, inside = changes._note_for(self)
        records = super(ConstructionChangeMixin, inside).create(vals_list).with_env(self.env)
        change._note(records, {})
        return records

    def write(self, vals):
        if not self._is_noted() or not self:
            return super().write(vals)
        change, inside = self.env["construction.change"]._note_for(self)
        before = self._values_now()
        result = super(ConstructionChangeMixin, inside).write(vals)
        change._note(self, before)
        return result

    def unlink(self):
        if not self._is_noted() or not self:
            return super().unlink()
        change, inside = self.env["construction.change"]._note_for(self)
        before = self._values_now()
        names = {record.id: record.display_name for record in self}
        for name in self._versioned_children:
            inside[name].unlink()
        result = super(ConstructionChangeMixin, inside).unlink()
        change._note(self.browse(), before, names)
        return result
