from odoo import api, models

from .construction_issue import OPEN

# by which field people number a record of each object
NUMBERED = {
    "job": ("project.project", "job_number", [("is_job", "=", True)]),
    "vendor": ("res.partner", "ref", []),
    "commitment": ("purchase.order", "commitment_number", [("state", "!=", "cancel")]),
    "change_order": ("construction.change.order", "number", [("state", "!=", "void")]),
}
# the model of each kind of record that a platform can speak of
MODELS = {
    "job": "project.project",
    "vendor": "res.partner",
    "customer": "res.partner",
    "commitment": "purchase.order",
    "budget": "construction.budget",
    "forecast": "construction.forecast",
    "progress": "construction.progress",
    "change_order": "construction.change.order",
    "field_ticket": "construction.field.ticket",
    "budget_change": "construction.budget.change",
    "cost_transfer": "construction.cost.transfer",
    "accrual": "construction.accrual",
    "supplier_invoice": "account.move",
    "direct_cost": "account.move",
    "receipt": "construction.receipt",
    "requisition": "purchase.order",
    "cost_code": "construction.cost.code",
    "cost_type": "construction.cost.type",
    "item": "product.product",
    "phase": "construction.phase",
    "location": "construction.location",
    "employee": "construction.employee",
}


class ConstructionResolver(models.AbstractModel):
    _inherit = "construction.resolver"

    @api.model
    def _models(self):
        """{object of the contract: model}; addons add what they bring."""
        return MODELS

    @api.model
    def _own_records(self, object_name, origin_ids, platform_id):
        """Records by the ids that we gave the platform: {origin id: record}. Only those that
        the platform may write to, and of the right kind."""
        ids = {str(value): int(value) for value in origin_ids if str(value or "").isdecimal()}
        model = self._models()[object_name]
        platform = self.env["construction.platform"].sudo().browse(platform_id)
        domain = [("id", "in", list(ids.values()))]
        if "company_id" in self.env[model]._fields:
            domain.append(("company_id", "in", [False, *platform.company_ids.ids]))
        if object_name == "job":
            domain.append(("is_job", "=", True))
        records = self.env[model].with_context(active_test=False).search(domain)
        return {value: record for value, i in ids.items() for record in records if record.id == i}

    @api.model
    def _by_number(self, object_name, numbers, company_ids):
        """By the number that people know; ambiguous numbers find nothing."""
        if object_name not in NUMBERED:
            return super()._by_number(object_name, numbers, company_ids)
        model, field, domain = NUMBERED[object_name]
        found = {}
        for record in self.env[model].search(
            [(field, "in", numbers), ("company_id", "in", [False, *company_ids]), *domain]
        ):
            found.setdefault(record[field], []).append(record.id)
        return {number: (model, ids[0]) for number, ids in found.items() if len(ids) == 1}

    @api.model
    def _resolve_satisfied(self):
        """A code, mapping or record that came into being at the same moment as the event
        that missed it was parked told nobody. Older ones do not help, or it would not
        have been parked: without the ten minutes it would be tried for ever."""
        result = super()._resolve_satisfied()
        self.env.cr.execute("""
            SELECT i.id FROM construction_issue i
              CROSS JOIN LATERAL (SELECT split_part(i.wait_key, '|', 1) AS kind,
                    substr(i.wait_key, strpos(i.wait_key, '|') + 1) AS value) k
             WHERE i.state IN ('open', 'in_progress') AND i.blocking AND (
                   EXISTS (SELECT FROM construction_crosswalk x
                            WHERE x.kind = k.kind AND x.external_value = k.value AND x.active
                              AND (x.platform_id IS NULL OR x.platform_id = i.platform_id)
                              AND (x.company_id IS NULL OR x.company_id = i.company_id)
                              AND x.write_date > i.create_date - interval '10 minutes')
                OR EXISTS (SELECT FROM construction_binding b
                            WHERE b.platform_id = i.platform_id AND b.object = k.kind
                              AND b.external_id = k.value AND b.res_id IS NOT NULL
                              AND b.unlinked IS NOT TRUE AND b.merged_into IS NULL
                              AND b.changed_at > i.create_date - interval '10 minutes')
                OR (k.kind = 'cost_code' AND EXISTS (
                       SELECT FROM construction_cost_code c
                        WHERE c.code = k.value AND c.active
                          AND c.write_date > i.create_date - interval '10 minutes'
                          AND (c.company_id IS NULL OR c.company_id = i.company_id)))
                OR (k.kind = 'phase' AND EXISTS (
                       SELECT FROM construction_phase p
                        WHERE p.code = k.value AND p.active
                          AND p.write_date > i.create_date - interval '10 minutes'
                          AND (p.company_id IS NULL OR p.company_id = i.company_id)))
                OR (k.kind = 'location' AND EXISTS (
                       SELECT FROM construction_location p
                        WHERE p.code = k.value AND p.active
                          AND p.write_date > i.create_date - interval '10 minutes'
                          AND (p.company_id IS NULL OR p.company_id = i.company_id)))
                OR (k.kind = 'cost_type' AND EXISTS (
                       SELECT FROM construction_cost_type t
                        WHERE t.code = k.value AND t.active
                          AND t.write_date > i.create_date - interval '10 minutes'
                          AND (t.company_id IS NULL OR t.company_id = i.company_id)))
                OR (k.kind = 'period' AND NOT EXISTS (
                       SELECT FROM construction_period p
                        WHERE to_char(p.month, 'YYYY-MM') || '|' || p.company_id = k.value
                          AND p.job_cost_state = 'locked')))
             LIMIT 1000
        """)
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env["construction.issue"].browse(ids).filtered(lambda i: i.state in OPEN)._close(
            "resolved"
        )
        return result
