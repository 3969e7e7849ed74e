from odoo import fields, models


class ProjectProject(models.Model):
    """The change orders of a job."""

    _inherit = "project.project"

    field_ticket_ids = fields.One2many(
        "construction.field.ticket", "job_id", string="Field tickets"
    )
    change_order_ids = fields.One2many(
        "construction.change.order", "job_id", string="Change orders"
    )
    change_order_count = fields.Integer(compute="_compute_change_order_count")
    open_change_order_count = fields.Integer(
        string="Change orders in work", compute="_compute_change_order_count"
    )

    def _compute_change_order_count(self):
        rows = self.env["construction.change.order"]._read_group(
            [("job_id", "in", self.ids)], ["job_id", "state"], ["__count"]
        )
        for job in self:
            own = {state: count for of, state, count in rows if of == job}
            job.change_order_count = sum(own.values())
            job.open_change_order_count = sum(
                own.get(state, 0) for state in ("draft", "potential", "submitted", "approved")
            )

    def action_open_change_orders(self):
        self.ensure_one()
        self.check_access("read")
        return self.env["ir.actions.act_window"]._for_xml_id(
            "construction_sync_base.action_construction_change_order"
        ) | {
            "domain": [("job_id", "=", self.id)],
            "context": {"default_job_id": self.id},
        }
