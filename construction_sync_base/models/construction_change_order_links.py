from odoo import fields, models


class ConstructionChangeOrder(models.Model):
    """From a change order to what it moved, and to where it came from: one click each."""

    _inherit = "construction.change.order"

    budget_change_count = fields.Integer(compute="_compute_links")
    commitment_count = fields.Integer(compute="_compute_links")
    sync_event_count = fields.Integer(compute="_compute_sync_event_count", compute_sudo=True)

    def _compute_links(self):
        rows = self.env["construction.budget.change"]._read_group(
            [("source_model", "=", self._name), ("source_id", "in", self.ids)],
            ["source_id"],
            ["__count"],
        )
        counts = dict(rows)
        for change in self:
            change.budget_change_count = counts.get(change._origin.id, 0)
            change.commitment_count = len(change.line_ids.order_id)

    def _compute_sync_event_count(self):
        bindings = self._bindings()
        for change in self:
            own = bindings.filtered(lambda row, change=change: row.res_id == change.id)
            change.sync_event_count = len(own.event_ids)

    def _bindings(self):
        return (
            self.env["construction.binding"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids)])
        )

    def action_open_sync_events(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_event"
        ) | {"domain": [("id", "in", self._bindings().event_ids.ids)], "context": {}}

    def action_open_budget_changes(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_budget_change"
        ) | {
            "domain": [("source_model", "=", self._name), ("source_id", "=", self.id)],
            "context": {},
        }

    def action_open_commitments(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_commitment"
        ) | {"domain": [("id", "in", self.line_ids.order_id.ids)], "context": {}}

    def action_open_job(self):
        self.ensure_one()
        self.check_access("read")
        return self.job_id._get_records_action(
            views=[(self.env.ref("construction_sync_base.view_construction_job_form").id, "form")]
        )
