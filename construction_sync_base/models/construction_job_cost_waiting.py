from odoo import api, fields, models
from odoo.tools import SQL


class ConstructionJobCostWaiting(models.Model):
    """What is not in the figures of a job yet: events that are not applied."""

    _inherit = "construction.job.cost"

    @api.model
    def _waiting(self, jobs):
        """{job id: (number of events not applied, amount at stake)}

        An event belongs to a job by the job it names, or by its subject when that is a
        document of the job, and only where its platform may write to the job's company. At
        stake is what a waiting commitment orders, else what its issue says.
        """
        if not jobs:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                WITH documents AS (
                    SELECT b.platform_id, b.subject, b.res_id AS job_id
                      FROM construction_binding b
                     WHERE b.res_model = 'project.project' AND b.object = 'job'
                       AND b.res_id = ANY(%(jobs)s)
                     UNION
                    SELECT b.platform_id, b.subject, o.project_id
                      FROM construction_binding b
                      JOIN purchase_order o ON o.id = b.res_id
                     WHERE b.res_model = 'purchase.order' AND o.project_id = ANY(%(jobs)s)
                     UNION
                    SELECT b.platform_id, b.subject, c.job_id
                      FROM construction_binding b
                      JOIN construction_budget_change c ON c.id = b.res_id
                     WHERE b.res_model = 'construction.budget.change'
                       AND c.job_id = ANY(%(jobs)s)
                     UNION
                    SELECT b.platform_id, b.subject, c.job_id
                      FROM construction_binding b
                      JOIN construction_change_order c ON c.id = b.res_id
                     WHERE b.res_model = 'construction.change.order' AND c.job_id = ANY(%(jobs)s)
                ), waiting AS MATERIALIZED (
                    SELECT e.id, e.platform_id, e.subject, e.type, data,
                           data ->> 'job' AS job, data -> 'job' ->> 'number' AS number,
                           data -> 'job' ->> 'origin_id' AS origin
                      FROM construction_event e,
                           LATERAL (SELECT e.payload::jsonb -> 'data') content (data)
                     WHERE e.state IN ('pending', 'parked', 'dead')
                ), pairs AS (
                    -- one join per way to name a job: each hashes, an OR would try every pair
                    SELECT w.id, d.job_id
                      FROM waiting w JOIN documents d USING (platform_id, subject)
                     UNION
                    SELECT w.id, j.id
                      FROM waiting w JOIN project_project j ON j.job_number = w.number
                     WHERE j.id = ANY(%(jobs)s)
                     UNION
                    SELECT w.id, j.id
                      FROM waiting w JOIN project_project j ON j.id::text = w.origin
                     WHERE j.id = ANY(%(jobs)s)
                     UNION
                    SELECT w.id, b.res_id FROM waiting w JOIN construction_binding b
                        ON b.platform_id = w.platform_id AND b.external_id = w.job
                     WHERE b.object = 'job' AND b.res_id = ANY(%(jobs)s)
                ), named AS (
                    SELECT w.id, w.type, w.data, j.id AS job_id
                      FROM pairs p
                      JOIN waiting w ON w.id = p.id
                      JOIN project_project j ON j.id = p.job_id
                      JOIN construction_platform_res_company_rel a
                        ON a.construction_platform_id = w.platform_id
                       AND a.res_company_id = j.company_id
                )
                SELECT n.job_id,
                       CASE WHEN ordered.amount IS NULL THEN issues.currency
                            ELSE n.data ->> 'currency' END AS currency,
                       count(*), sum(COALESCE(ordered.amount, issues.amount, 0))
                  FROM named n
                  LEFT JOIN LATERAL (
                        SELECT sum((l ->> 'amount')::numeric) AS amount
                          FROM jsonb_array_elements(CASE jsonb_typeof(n.data -> 'lines')
                               WHEN 'array' THEN n.data -> 'lines' ELSE '[]' END) l
                         WHERE n.type LIKE 'construction.commitment.approved.%%'
                           AND l ->> 'amount' ~ '^-?[0-9]{1,13}([.][0-9]{1,8})?$') ordered ON TRUE
                  LEFT JOIN LATERAL (
                        SELECT i.amount, c.name AS currency FROM construction_issue i
                          LEFT JOIN res_currency c ON c.id = i.currency_id
                         WHERE i.event_id = n.id AND i.blocking AND i.amount IS NOT NULL
                           AND i.state IN ('open', 'in_progress')
                         ORDER BY i.amount DESC LIMIT 1) issues ON TRUE
                 GROUP BY n.job_id, 2
                """,
                jobs=jobs.ids,
            )
        )
        return self._in_job_currency(rows)

    def _in_job_currency(self, rows):
        """{job id: (count, amount)} of (job id, currency code, count, amount), at the rate of
        today: what waits has no date in the books yet. A currency that Odoo does not have
        is counted without its amount."""
        currencies = self.env["res.currency"].with_context(active_test=False)
        codes = {code for _job, code, _count, _amount in rows if code}
        by_code = {c.name: c for c in currencies.search([("name", "in", list(codes))])}
        jobs = self.env["project.project"].browse({row[0] for row in rows}).sudo()
        companies = {job.id: job.company_id for job in jobs}
        waiting = {}
        for job_id, code, count, amount in rows:
            company = companies[job_id]
            own = company.currency_id
            currency = by_code.get(code) or (own if not code else None)
            if currency and currency != own:
                amount = currency._convert(float(amount), own, company, fields.Date.today())
            before = waiting.get(job_id, (0, 0))
            amount = float(amount) if currency else 0.0
            waiting[job_id] = (before[0] + count, before[1] + amount)
        return waiting

    @api.model
    def _event_ids(self, job):
        """Events that made or changed the job or its documents, or wait to."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT r.event_id FROM construction_event_binding_rel r
                  JOIN construction_binding b ON b.id = r.binding_id
                 WHERE (b.res_model = 'project.project' AND b.res_id = %(job)s)
                    OR (b.res_model = 'purchase.order' AND b.res_id IN
                        (SELECT id FROM purchase_order WHERE project_id = %(job)s))
                    OR (b.res_model = 'construction.budget' AND b.res_id IN
                        (SELECT id FROM construction_budget WHERE job_id = %(job)s))
                    OR (b.res_model = 'construction.change.order' AND b.res_id IN
                        (SELECT id FROM construction_change_order WHERE job_id = %(job)s))
                    OR (b.res_model = 'construction.budget.change' AND b.res_id IN
                        (SELECT id FROM construction_budget_change WHERE job_id = %(job)s))
                UNION
                SELECT e.id FROM construction_event e
                  JOIN construction_binding b ON b.platform_id = e.platform_id
                   AND b.object = 'job' AND b.res_model = 'project.project'
                   AND b.res_id = %(job)s
                   AND e.payload::jsonb -> 'data' ->> 'job' = b.external_id
                 WHERE e.state IN ('pending', 'parked', 'dead')
                """,
                job=job.id,
            )
        )
        return [row[0] for row in rows]
