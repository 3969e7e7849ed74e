from odoo import api, fields, models


class ConstructionApprovalEffect(models.Model):
    """What somebody who is asked has to see before he decides, wherever he is: what the
    decision does, and the papers of the document."""

    _inherit = "construction.approval"

    effect = fields.Text(string="What it does", compute="_compute_document")
    attachment_ids = fields.Many2many("ir.attachment", string="Papers", compute="_compute_document")
    attachment_count = fields.Integer(string="Number of papers", compute="_compute_document")

    @api.depends("res_model", "res_id", "state")
    @api.depends_context("uid")
    def _compute_document(self):
        for model, rows in self.grouped("res_model").items():
            documents = self.env[model].browse(rows.mapped("res_id")).exists()
            documents = documents._filtered_access("read")
            papers = self.env["ir.attachment"].search(
                [("res_model", "=", model), ("res_id", "in", documents.ids)]
            )
            papers = papers.grouped("res_id")
            for row in rows:
                document = documents.filtered(lambda one, row=row: one.id == row.res_id)
                row.effect = document.release_effect if document else False
                row.attachment_ids = papers.get(row.res_id, self.env["ir.attachment"])
                row.attachment_count = len(row.attachment_ids)
