from odoo import fields, models


class ConstructionResourceTryLine(models.TransientModel):
    """One record of the first page."""

    _name = "construction.resource.try.line"
    _description = "Record of the First Page"

    try_id = fields.Many2one("construction.resource.try", required=True, ondelete="cascade")
    external_id = fields.Char(string="Id")
    subject = fields.Char()
    verdict = fields.Selection(
        [("taken", "Fits"), ("left_out", "Left out"), ("refused", "Does not fit")], required=True
    )
    fault = fields.Text(string="What is wrong")
    record = fields.Text(string="As it comes")
    event = fields.Text(string="What it becomes")
