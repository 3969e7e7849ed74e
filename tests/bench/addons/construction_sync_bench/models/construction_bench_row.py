from odoo import fields, models


class ConstructionBenchRow(models.Model):
    """What the usual webhook pattern stores."""

    _name = "construction.bench.row"
    _description = "Benchmark Row"

    payload = fields.Text()
    digest = fields.Char(index=True)
