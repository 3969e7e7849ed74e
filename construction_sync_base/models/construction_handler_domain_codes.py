from odoo import models

from .construction_resolver import Origin, Own, code_of


class DomainHandler(models.AbstractModel):
    """Codes, units and whatever else goes through the crosswalk, for a whole batch."""

    _inherit = "construction.handler.domain"

    def _cost_codes(self, items_lines):
        """Cost codes of lines, for a whole batch of events of one job each.

        :param items_lines: list of (item, job, code text)
        :return: {(item id, code text): code record}
        """
        found = self._cost_codes_by_job(items_lines)
        return {(item_id, text): record for (item_id, _job, text), record in found.items()}

    def _cost_codes_by_job(self, items_lines):
        """The same for events whose lines are of several jobs: each may have a code of its own
        by the same text.

        :return: {(item id, job, code text): code record}
        """
        return self._coded(
            items_lines, "cost_code", "construction.cost.code", self.env._("Cost code")
        )

    def _cost_types(self, items_lines):
        found = self._coded(
            items_lines, "cost_type", "construction.cost.type", self.env._("Cost type")
        )
        return {(item_id, text): record for (item_id, _job, text), record in found.items()}

    def _coded(self, items_lines, kind, model, label):
        """Crosswalk first (platform, company, shared), then the code itself: the job's
        list before the company's before the shared one."""
        result = {}
        if not items_lines:
            return result
        pairs = {(job, text) for _item, job, text in items_lines}
        found = self._code_records(items_lines[0][0].platform_id, pairs, kind, model)
        for item, job, text in items_lines:
            if (item.id, job, text) not in result:
                record = self._code_or_park(item, job, text, found[job, text], kind, label)
                if record:
                    result[item.id, job, text] = record
        return result

    def _code_records(self, platform_id, pairs, kind, model):
        """What `_coded` finds, without a word about what is missing.

        :param pairs: set of (job, code text)
        :return: {(job, code text): record, archived ones included, or None}
        """
        by_company = {}
        for job, text in pairs:
            by_company.setdefault(job.company_id, set()).add(text)
        mapped, candidates = self._own_codes(platform_id, pairs, kind, model), {}
        for company, texts in by_company.items():
            targets = self.env["construction.resolver"]._codes(
                kind, {str(text) for text in texts}, platform_id, company.id
            )
            for text in texts:
                target_model, res_id = targets.get(str(text), (None, None))
                if target_model == model:
                    mapped[company, text] = res_id
            texts = {str(text) for text in texts if not isinstance(text, Origin)}
            records = (
                self.env[model]
                .with_context(active_test=False)
                .search([("code", "in", list(texts)), ("company_id", "in", (False, company.id))])
            )
            for record in records:
                candidates.setdefault((company, record.code), []).append(record)
        known = {r.id: r for r in self.env[model].browse(mapped.values()).exists()}
        found = {}
        for job, text in pairs:
            target = known.get(mapped.get((job.company_id, text)))
            by_code = candidates.get((job.company_id, str(text)), ())
            if isinstance(text, Origin):
                by_code = ()  # an id is no code, even where it looks like one
            found[job, text] = self._best_candidate([target] if target else by_code, job)
        return found

    def _code_or_park(self, item, job, text, record, kind, label):
        """The record where it can be used; parks the item otherwise."""
        if record and record.active:
            return record
        if record:
            item.park(
                "inactive_target",
                self.env._(
                    "%(label)s “%(code)s” is archived.", label=label, code=record.display_name
                ),
                wait=f"{kind}|{text}",
                suggestion=self.env._("Reactivate it, or map the code to another one."),
            )
        else:
            item.park(
                "unmapped_reference",
                self.env._(
                    "%(label)s “%(code)s” does not exist for job %(job)s.",
                    label=label,
                    code=text,
                    job=job.display_name,
                ),
                wait=f"{kind}|{text}",
                suggestion=self.env._("Map it to an existing one, or create it."),
            )
        return None

    def _own_codes(self, platform_id, pairs, kind, model):
        """{(company, key): id} of what lines name by our id of it or the platform's own."""
        named = {
            text: ("origin" if isinstance(text, Origin) else "external", text.id)
            for _job, text in pairs
            if isinstance(text, Origin | Own)
        }
        if not named:
            return {}
        found = self.env["construction.resolver"]._records(platform_id, kind, named.values())
        targets = {key: res_id for key, (target, res_id) in found.items() if target == model}
        return {
            (job.company_id, text): targets[named[text]]
            for job, text in pairs
            if text in named and named[text] in targets
        }

    def _best_candidate(self, records, job):
        fitting = [
            record
            for record in records
            if record.company_id in (job.company_id, job.company_id.browse())
            and ("job_id" not in record._fields or not record.job_id or record.job_id == job)
        ]
        return max(
            fitting,
            key=lambda r: (
                "job_id" in r._fields and bool(r.job_id),
                bool(r.company_id),
                r.active,
            ),
            default=None,
        )

    def _uoms(self, named):
        return self._mapped(named, "uom", "uom.uom", self.env._("Unit"))

    def _taxes(self, named):
        return self._mapped(named, "tax_code", "account.tax", self.env._("Tax code"))

    def _payment_terms(self, named):
        label = self.env._("Payment term")
        return self._mapped(named, "payment_terms", "account.payment.term", label)

    def _mapped(self, named, kind, model, label, also=None):
        """{(item id, code): record} of what goes through the crosswalk; an empty record where
        it is not mapped, which parks the item.

        :param named: list of (item, company, code or reference); without one nothing is asked
        :param also: function (codes, platform id, company) → {code: id} of what else finds it
        """
        result, groups = {}, {}
        for item, company, reference in named:
            if reference:
                groups.setdefault(company, []).append((item, code_of(reference)))
        for company, group in groups.items():
            codes, platform_id = {code for _item, code in group}, group[0][0].platform_id
            found = also(codes, platform_id, company) if also else {}
            targets = self.env["construction.resolver"]._codes(kind, codes, platform_id, company.id)
            found |= {code: res_id for code, (target, res_id) in targets.items() if target == model}
            usable = self.env[model].browse(found.values()).sudo().filtered("active")
            for item, code in group:
                if (item.id, code) in result:
                    continue
                record = result[item.id, code] = self.env[model].browse(found.get(code))
                if record and record.id not in usable.ids:
                    item.park(
                        "inactive_target",
                        self.env._("%(label)s “%(code)s” is archived.", label=label, code=code),
                        wait=f"{kind}|{code}",
                        suggestion=self.env._(
                            "Map the code to another one, or reactivate it and retry the event."
                        ),
                    )
                elif code not in found:
                    item.park(
                        "unmapped_reference",
                        self.env._("%(label)s “%(code)s” is not mapped.", label=label, code=code),
                        wait=f"{kind}|{code}",
                        suggestion=self.env._("Map it in the crosswalk."),
                    )
        return result
