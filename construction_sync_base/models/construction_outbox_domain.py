from odoo import api, models

from ..lib import money

FINANCE_ROLES = (
    ("construction_sync_base.group_finance", "Finance"),
    ("construction_sync_base.group_project_manager", "Project Manager"),
)
LINKED = {"job", "vendor", "customer", "cost_code", "cost_type", "item", "phase", "location"}


class ConstructionOutbox(models.Model):
    """What is told about documents of jobs (contract, Outbound events). Never a wage: what
    could hold one is told by hours and states alone."""

    _inherit = "construction.outbox"

    @api.model
    def _types(self):
        return super()._types() | {
            "construction.budget.posted.v1": self.env._("A budget or a change of it holds"),
            "construction.change_order.decided.v1": self.env._("A side of a change was decided"),
            "construction.commitment.posted.v1": self.env._("A commitment or a change holds"),
            "construction.document.reversed.v1": self.env._("A posted document was taken back"),
            "construction.job_cost.posted.v1": self.env._("Cost of a job was posted"),
            "construction.period.locked.v1": self.env._("A month is locked"),
            "construction.receipt.posted.v1": self.env._("A receipt was recorded"),
            "construction.supplier_invoice.exception.v1": self.env._("A bill is on hold"),
            "construction.supplier_invoice.posted.v1": self.env._("A bill was posted"),
        }

    @api.model
    def _linked_objects(self):
        return super()._linked_objects() | LINKED

    @api.model
    def _is_meant(self, fact, one):
        return super()._is_meant(fact, one) and (
            not one["job_ids"] or fact.get("job_id") in one["job_ids"]
        )

    def _complete(self, pairs):
        """Also job, legal entity and who decided, in the words of the platform that is told."""
        completed = super()._complete(pairs)
        jobs = self._job_names(pairs)
        entities = self._entity_names(pairs)
        for (fact, one), (data, _event) in zip(pairs, completed, strict=True):
            if fact.get("job_id"):
                data["job"] = jobs[one["platform_id"], fact["job_id"]]
            data["legal_entity"] = entities[one["platform_id"], fact["company_id"]]
            role = self._decider(fact.get("record"))
            if role:
                data["decided_by"] = {"role": role}
        return completed

    def _job_names(self, pairs):
        """{(platform id, job id): the job's id there, else its number as a reference}"""
        wanted = {(one["platform_id"], fact["job_id"]) for fact, one in pairs if fact.get("job_id")}
        if not wanted:
            return {}
        jobs = self.env["project.project"].browse({job_id for _platform, job_id in wanted})
        bound = self.env["construction.binding"].search(
            [("object", "=", "job"), ("res_model", "=", jobs._name), ("res_id", "in", jobs.ids),
             ("tombstone", "=", False), ("unlinked", "=", False)]
        )  # fmt: skip
        names = {(one.platform_id.id, one.res_id): one.external_id for one in bound}
        numbers = {job.id: {"number": job.job_number} for job in jobs}
        return {key: names.get(key) or numbers[key[1]] for key in wanted}

    def _entity_names(self, pairs):
        """{(platform id, company id): what the platform calls the company, else its name}"""
        wanted = {(one["platform_id"], fact["company_id"]) for fact, one in pairs}
        companies = self.env["res.company"].browse({company_id for _p, company_id in wanted})
        rows = self.env["construction.crosswalk"].search(
            [("kind", "=", "legal_entity"), ("res_model", "=", "res.company"),
             ("res_id", "in", companies.ids),
             ("platform_id", "in", [False, *{platform_id for platform_id, _c in wanted}])],
            order="platform_id NULLS FIRST",
        )  # fmt: skip
        found = {(row.platform_id.id, row.res_id): row.external_value for row in rows}
        return {
            (platform_id, company_id): found.get((platform_id, company_id))
            or found.get((False, company_id))
            or self.env["res.company"].browse(company_id).name
            for platform_id, company_id in wanted
        }

    def _decider(self, record):
        """The role of who let a document pass, or None where nobody had to."""
        if record is None or "released_by_id" not in record._fields:
            return None
        if record.release_automatic:
            return "policy"
        return next(
            (role for group, role in FINANCE_ROLES if record.released_by_id.has_group(group)), None
        ) if record.released_by_id else None  # fmt: skip

    # -------------------------------------------------------------- values
    @api.model
    def _amount(self, value, currency):
        """A field's amount as the wire has it."""
        return f"{money.from_float(value, currency.decimal_places):f}"

    @api.model
    def _quantity(self, value):
        text = f"{money.from_float(value, money.QUANTITY_DECIMALS):f}"
        return text.rstrip("0").rstrip(".")

    @api.model
    def _fact(self, event_type, object_name, record, job, data, **more):
        """A fact about a document of a job."""
        company = record.company_id
        return {
            "type": event_type,
            "subject": f"{object_name}/{record.id}",
            "company_id": company.id,
            "job_id": job.id,
            "record": record,
            "data": data,
        } | more
