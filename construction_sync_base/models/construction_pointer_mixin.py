from odoo import models
from odoo.exceptions import UserError


class ConstructionPointerMixin(models.AbstractModel):
    """A row that names a document by its model and id (`res_model`, `res_id`)."""

    _name = "construction.pointer.mixin"
    _description = "Names a Document"

    _pointed_has = "_name"  # what the model of every such document has

    def _record(self):
        """The document, or None where it is no more."""
        self.ensure_one()
        if not hasattr(self.env.registry.get(self.res_model), self._pointed_has):
            return None
        return self.env[self.res_model].browse(self.res_id).exists() or None

    def action_open_document(self):
        """:raises UserError: it is no more"""
        self.ensure_one()
        self.check_access("read")
        record = self._record()
        if not record:
            raise UserError(self.env._("The document is no more."))
        return record._get_records_action()
