from odoo import api, fields, models
from odoo.exceptions import UserError


class AccountMoveIntercompany(models.Model):
    """Entries of a pair stay and go together."""

    _inherit = "account.move"

    intercompany_id = fields.Many2one(
        "construction.intercompany",
        string="Intercompany cost",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    # every bookkeeper opens the form of an entry: whom it is no business of has no such field
    intercompany_cost_ids = fields.One2many(
        "construction.intercompany",
        "source_move_id",
        readonly=True,
        groups="construction_sync_base.group_finance,construction_sync_base.group_auditor,"
        "construction_sync_base.group_service",
    )

    _intercompany_once = models.UniqueIndex(
        "(intercompany_id, company_id) WHERE intercompany_id IS NOT NULL",
        "A pair has one entry in each company.",
    )

    def button_draft(self):
        self._refuse_half_a_pair()
        return super().button_draft()

    def button_cancel(self):
        self._refuse_half_a_pair()
        result = super().button_cancel()
        self._drop_charges()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_with_its_charges(self):
        self._drop_charges()

    def _drop_charges(self):
        """What was not paid is not charged to another company."""
        drafts = self.sudo().intercompany_cost_ids.filtered(lambda one: one.state == "draft")
        drafts = drafts._at_the_gate()
        drafts._release_withdraw()
        drafts.write({"release_state": False})
        drafts.unlink()

    def _reverse_moves(self, default_values_list=None, cancel=False):
        self._refuse_half_a_pair()
        return super()._reverse_moves(default_values_list, cancel)

    def _refuse_half_a_pair(self):
        """:raises UserError: one side of intercompany cost would be undone without the other"""
        for move in self.sudo():
            if move.intercompany_id and not self._is_at_the_gate():
                raise UserError(
                    self.env._(
                        "%(entry)s has a counterpart in another company: take both back with "
                        "intercompany cost %(document)s (Reverse).",
                        entry=move.display_name,
                        document=move.intercompany_id.number,
                    )
                )
            for charged in move.intercompany_cost_ids:
                if move.state == "posted" and charged.state == "posted":
                    raise UserError(
                        self.env._(
                            "%(entry)s is charged to another company by %(document)s: take that "
                            "one back first.",
                            entry=move.display_name,
                            document=charged.number,
                        )
                    )

    def action_open_intercompany(self):
        """The pair that this entry is of, or by which it is charged."""
        self.ensure_one()
        self.check_access("read")
        found = self.intercompany_id | self.intercompany_cost_ids
        return found._get_records_action(context={})
