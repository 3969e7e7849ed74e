from odoo import api, models
from odoo.tools import SQL


class ConstructionJobCostChanges(models.Model):
    """The change orders' part of the cost formulas: what is pending and what is exposed."""

    _inherit = "construction.job.cost"

    @api.model
    def _change_orders_query(self, jobs):
        """Rows (job, code, type, pending, exposure) in company currency, at the rate of the
        change order's day, rounded once at the line.

        Pending: what is submitted or approved of a commitment and not executed, with the tax
        that is cost of the line it changes. Exposure: cost whose counterpart nobody has
        executed (`lib.change_order.exposed`, kept as `at_risk_amount`); of signed tickets
        that nobody has priced, without a code.

        :param jobs: condition on `j` (project_project)
        """
        return SQL(
            """
            SELECT c.job_id, l.cost_code_id, l.cost_type_id,
                   CASE WHEN l.order_id IS NOT NULL AND c.cost_status IN ('submitted', 'approved')
                        THEN ROUND(l.cost_amount * t.gross / t.rate, u.decimal_places)
                        ELSE 0 END AS pending,
                   CASE WHEN c.exposed THEN ROUND(l.cost_amount / t.rate, u.decimal_places)
                        ELSE 0 END AS exposure
              FROM construction_change_order_line l
              JOIN construction_change_order c ON c.id = l.change_id
              JOIN project_project j ON j.id = c.job_id
              JOIN res_company y ON y.id = c.company_id
              JOIN res_currency u ON u.id = y.currency_id
              LEFT JOIN purchase_order_line o ON o.id = l.order_line_id
              JOIN LATERAL (
                    SELECT COALESCE(NULLIF(c.currency_rate, 0), 1)::numeric AS rate,
                           1 + CASE WHEN o.price_subtotal <> 0
                               THEN COALESCE(o.tax_cost_amount, 0)::numeric / o.price_subtotal
                               ELSE 0 END AS gross) t ON TRUE
             WHERE l.cost_amount <> 0 AND c.state IN ('potential', 'submitted', 'approved',
                                                      'executed')
               AND %(jobs)s
            UNION ALL
            SELECT c.job_id, NULL::int, NULL::int, 0::numeric,
                   ROUND(c.at_risk_amount / COALESCE(NULLIF(c.currency_rate, 0), 1)::numeric,
                         u.decimal_places)
              FROM construction_change_order c
              JOIN project_project j ON j.id = c.job_id
              JOIN res_company y ON y.id = c.company_id
              JOIN res_currency u ON u.id = y.currency_id
             WHERE c.exposed AND c.ticket_amount <> 0 AND NOT EXISTS (
                   SELECT FROM construction_change_order_line l
                    WHERE l.change_id = c.id AND l.cost_amount <> 0)
               AND %(jobs)s
            """,
            jobs=jobs,
        )
