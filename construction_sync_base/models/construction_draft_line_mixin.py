from odoo import api, models


class ConstructionDraftLineMixin(models.AbstractModel):
    """A line that is made, edited and deleted while its document (`_document`) is a draft."""

    _name = "construction.draft.line.mixin"
    _description = "Line of a Draft"

    _document = ""

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines[self._document]._check_draft()
        return lines

    def write(self, vals):
        self[self._document]._check_draft()
        if self._document in vals:
            self[self._document].browse(vals[self._document])._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_drafts(self):
        self[self._document]._check_draft()
