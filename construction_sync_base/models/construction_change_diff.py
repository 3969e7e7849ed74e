from odoo import fields, models


class ConstructionChangeDiff(models.Model):
    """One place in which a document would differ under a change set, or came to differ by a
    replay."""

    _name = "construction.change.diff"
    _description = "Document Difference"
    _check_company_auto = True
    _order = "id"
    _log_access = False

    change_id = fields.Many2one("construction.change", ondelete="cascade", index="btree_not_null")
    replay_id = fields.Many2one("construction.replay", ondelete="cascade", index="btree_not_null")
    event_id = fields.Many2one("construction.event", readonly=True)
    platform_id = fields.Many2one("construction.platform", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    outcome = fields.Selection(
        [
            ("changed", "Changed"),
            ("new", "New document"),
            ("issue", "Becomes an issue"),
        ],
        required=True,
        readonly=True,
    )
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True)
    document = fields.Char(readonly=True)
    field_name = fields.Char(string="Field", readonly=True)
    value_now = fields.Text(string="Before", readonly=True)
    value_then = fields.Text(string="After", readonly=True)
    amount_difference = fields.Monetary(string="Difference", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)

    _of_one = models.Constraint(
        "CHECK ((change_id IS NULL) <> (replay_id IS NULL))",
        "A difference is of a change set or of a replay.",
    )

    def action_open_document(self):
        self.ensure_one()
        return self.env[self.res_model].browse(self.res_id)._get_records_action(context={})
