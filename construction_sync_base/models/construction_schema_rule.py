import re

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

TYPE_FORM = re.compile(r"(construction\.[a-z_]+\.[a-z_]+)\.(v[0-9]+)")


class ConstructionSchemaRule(models.Model):
    """Which version of an event type a platform speaks. Without a rule every version that
    this installation applies is taken; with one, another version waits as an issue."""

    _name = "construction.schema.rule"
    _description = "Schema in Force"
    _inherit = ["construction.change.mixin", "construction.cached.mixin"]
    _check_company_auto = True
    _order = "event_type, platform_id"
    _rec_name = "event_type"

    event_type = fields.Char(
        required=True, help="The whole name, with the version: construction.job.upserted.v1"
    )
    name_of_type = fields.Char(compute="_compute_name_of_type", store=True, precompute=True)
    platform_id = fields.Many2one("construction.platform", ondelete="cascade", index=True)
    company_id = fields.Many2one("res.company", related="platform_id.company_id", store=True)

    _one_version = models.UniqueIndex(
        "(name_of_type, COALESCE(platform_id, 0))", "This platform has a version of it already."
    )

    @api.depends("event_type")
    def _compute_name_of_type(self):
        for rule in self:
            found = TYPE_FORM.fullmatch(rule.event_type or "")
            rule.name_of_type = found and found[1]

    @api.constrains("event_type")
    def _check_event_type(self):
        known = self.env["construction.handler"]._names()
        for rule in self:
            if rule.event_type not in known:
                raise ValidationError(
                    self.env._(
                        "Nothing here applies “%(type)s”. Known are: %(known)s.",
                        type=rule.event_type,
                        known=", ".join(sorted(known)),
                    )
                )

    @api.model
    def _versioned_fields(self):
        return [name for name in super()._versioned_fields() if name != "name_of_type"]

    @api.model
    def _refused(self, event_type, platform_id):
        """The type in force in place of `event_type`, or None where that one is taken."""
        trial = self.env["construction.change"]._is_trial()
        rules = self._read_rules() if trial else self._rules()
        name = event_type.rpartition(".")[0]
        wanted = rules.get((name, platform_id)) or rules.get((name, None))
        return wanted if wanted and wanted != event_type else None

    @api.model
    @tools.ormcache()
    def _rules(self):
        return self._read_rules()

    def _read_rules(self):
        """{(type without version, platform id or None): type in force}"""
        rules = self.sudo().with_context(active_test=False).search([])
        return {(rule.name_of_type, rule.platform_id.id or None): rule.event_type for rule in rules}
