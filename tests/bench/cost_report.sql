-- The cost report as somebody would write it once, for one group of jobs.
WITH jobs AS (
    SELECT p.id, p.account_id FROM project_project p WHERE p.id = ANY(%(jobs)s)
), budgets AS (
    SELECT b.job_id AS job, l.cost_code_id AS code, l.cost_type_id AS kind,
           SUM(l.amount) AS original,
           SUM(l.amount) FILTER (WHERE l.reserve = 'contingency') AS contingency
      FROM construction_budget b
      JOIN jobs ON jobs.id = b.job_id
      JOIN construction_budget_line l ON l.budget_id = b.id
     WHERE b.state = 'approved' GROUP BY 1, 2, 3
), changes AS (
    SELECT c.job_id AS job, l.cost_code_id AS code, l.cost_type_id AS kind, SUM(l.amount) AS changes
      FROM construction_budget_change c
      JOIN jobs ON jobs.id = c.job_id
      JOIN construction_budget_change_line l ON l.change_id = c.id
     WHERE c.approved_on IS NOT NULL GROUP BY 1, 2, 3
), ordered AS (
    SELECT o.project_id AS job, l.cost_code_id AS code, l.cost_type_id AS kind, l.id, o.state,
           o.closed_state,
           (l.price_subtotal + COALESCE(l.tax_cost_amount, 0)) / o.currency_rate::numeric AS revised,
           COALESCE(l.released_amount, 0) / o.currency_rate::numeric AS released
      FROM purchase_order o
      JOIN jobs ON jobs.id = o.project_id
      JOIN purchase_order_line l ON l.order_id = o.id AND l.display_type IS NULL
     WHERE o.state IN ('purchase', 'to approve')
        OR (o.state IN ('draft', 'sent') AND o.requisition_key IS NOT NULL)
), bills AS (
    SELECT m.purchase_line_id AS id, SUM(m.balance) AS billed
      FROM account_move_line m JOIN ordered o ON o.id = m.purchase_line_id
     WHERE m.parent_state = 'posted' GROUP BY 1
), executed AS (
    SELECT x.applied_order_line_id AS id, SUM(x.applied_amount) AS changes
      FROM construction_change_order_line x JOIN ordered o ON o.id = x.applied_order_line_id
     GROUP BY 1
), accruals AS (
    SELECT x.purchase_line_id AS id, SUM(m.balance) AS accrued
      FROM construction_accrual_line x
      JOIN ordered o ON o.id = x.purchase_line_id
      JOIN account_move_line m ON m.accrual_line_id = x.id AND m.parent_state = 'posted'
     GROUP BY 1
), lines AS (
    SELECT o.job, o.code, o.kind, o.state, ROUND(o.revised, 2) AS revised,
           ROUND(COALESCE(b.billed, 0), 2) AS billed, COALESCE(e.changes, 0) AS changes,
           COALESCE(a.accrued, 0) AS accrued,
           CASE WHEN o.closed_state = 'final' THEN COALESCE(b.billed, 0)
                WHEN o.revised >= 0
                THEN GREATEST(ROUND(o.revised - o.released, 2), COALESCE(b.billed, 0))
                ELSE LEAST(ROUND(o.revised - o.released, 2), COALESCE(b.billed, 0)) END AS committed
      FROM ordered o
      LEFT JOIN bills b USING (id)
      LEFT JOIN executed e USING (id)
      LEFT JOIN accruals a USING (id)
), commitments AS (
    SELECT job, code, kind,
           SUM(CASE WHEN state = 'purchase' THEN revised - changes ELSE 0 END) AS committed_original,
           SUM(CASE WHEN state = 'purchase' THEN changes ELSE 0 END) AS committed_changes,
           SUM(CASE WHEN state = 'purchase' THEN committed ELSE billed END) AS committed,
           SUM(billed) AS billed, SUM(accrued) AS accrued,
           SUM(CASE WHEN state = 'purchase' THEN 0 ELSE committed - billed END) AS pending
      FROM lines GROUP BY 1, 2, 3
), booked AS (
    SELECT jobs.id AS job, c.id AS code, t.id AS kind, -SUM(a.amount) AS actual,
           -SUM(a.amount) FILTER (WHERE m.purchase_line_id IS NOT NULL) AS actual_ordered,
           -SUM(a.amount) FILTER (WHERE m.purchase_line_id IS NULL AND m.accrual_line_id IS NOT NULL)
               AS actual_accrued,
           -SUM(a.amount) FILTER (WHERE m.purchase_line_id IS NULL AND m.accrual_line_id IS NULL
                                  AND m.cost_transfer_line_id IS NOT NULL) AS actual_transferred,
           -SUM(a.amount) FILTER (WHERE m.purchase_line_id IS NULL AND m.accrual_line_id IS NULL
                                  AND m.cost_transfer_line_id IS NULL
                                  AND (v.direct_cost_kind IS NOT NULL OR v.move_type <> 'entry'))
               AS actual_direct
      FROM account_analytic_line a
      JOIN jobs ON jobs.account_id = a.account_id
      JOIN account_account g ON g.id = a.general_account_id
       AND g.account_type IN ('expense', 'expense_direct_cost', 'expense_depreciation',
                              'expense_other')
      LEFT JOIN construction_cost_code c ON c.analytic_account_id = a./*code*/
      LEFT JOIN construction_cost_type t ON t.analytic_account_id = a./*kind*/
      LEFT JOIN account_move_line m ON m.id = a.move_line_id
      LEFT JOIN account_move v ON v.id = m.move_id
     GROUP BY 1, 2, 3
), signed AS (
    SELECT f.job_id AS job, l.cost_code_id AS code, l.cost_type_id AS kind,
           l.at_completion AS signed
      FROM (SELECT DISTINCT ON (job_id) id, job_id FROM construction_forecast
             WHERE state = 'signed' AND job_id = ANY(%(jobs)s) ORDER BY job_id, month DESC) f
      JOIN construction_forecast_line l ON l.forecast_id = f.id AND l.method <> 'automatic'
), exposed AS (
    SELECT c.job_id AS job, l.cost_code_id AS code, l.cost_type_id AS kind,
           SUM(CASE WHEN l.order_id IS NOT NULL AND c.cost_status IN ('submitted', 'approved')
                    THEN l.cost_amount ELSE 0 END) AS pending,
           SUM(CASE WHEN c.exposed THEN l.cost_amount ELSE 0 END) AS exposure
      FROM construction_change_order c
      JOIN jobs ON jobs.id = c.job_id
      JOIN construction_change_order_line l ON l.change_id = c.id
     WHERE c.state IN ('potential', 'submitted', 'approved', 'executed') GROUP BY 1, 2, 3
), keys AS (
    SELECT job, code, kind FROM budgets UNION SELECT job, code, kind FROM changes
     UNION SELECT job, code, kind FROM commitments UNION SELECT job, code, kind FROM booked
     UNION SELECT job, code, kind FROM exposed UNION SELECT job, code, kind FROM signed
), figures AS (
    SELECT k.job, k.code, k.kind, COALESCE(b.original, 0) AS original,
           COALESCE(h.changes, 0) AS changes, COALESCE(b.contingency, 0) AS contingency,
           COALESCE(b.original, 0) + COALESCE(h.changes, 0) AS budget,
           COALESCE(o.committed_original, 0) AS committed_original,
           COALESCE(o.committed_changes, 0) AS committed_changes,
           COALESCE(o.committed, 0) AS committed, COALESCE(o.billed, 0) AS billed,
           COALESCE(o.accrued, 0) AS accrued,
           COALESCE(o.committed - o.billed - o.accrued, 0) AS open,
           COALESCE(a.actual, 0) AS actual, COALESCE(a.actual_ordered, 0) AS actual_ordered,
           COALESCE(a.actual_direct, 0) AS actual_direct,
           COALESCE(a.actual_accrued, 0) AS actual_accrued,
           COALESCE(a.actual_transferred, 0) AS actual_transferred,
           COALESCE(o.pending, 0) + COALESCE(x.pending, 0) AS pending,
           COALESCE(x.exposure, 0) AS exposure, s.signed
      FROM keys k
      LEFT JOIN budgets b ON (b.job, b.code, b.kind) = (k.job, k.code, k.kind)
      LEFT JOIN changes h ON (h.job, h.code, h.kind) = (k.job, k.code, k.kind)
      LEFT JOIN commitments o ON (o.job, o.code, o.kind) = (k.job, k.code, k.kind)
      LEFT JOIN booked a ON (a.job, a.code, a.kind) = (k.job, k.code, k.kind)
      LEFT JOIN exposed x ON (x.job, x.code, x.kind) = (k.job, k.code, k.kind)
      LEFT JOIN signed s ON (s.job, s.code, s.kind) = (k.job, k.code, k.kind)
), forecast AS (
    SELECT f.*, f.actual + f.open + f.pending AS projected,
           GREATEST(COALESCE(f.signed, f.budget) - f.actual - f.open - f.pending, 0) AS to_complete
      FROM figures f
)
SELECT /*group*/, SUM(original) AS original, SUM(changes) AS changes,
       SUM(contingency) AS contingency, SUM(budget) AS budget,
       SUM(committed_original) AS committed_original, SUM(committed_changes) AS committed_changes,
       SUM(committed) AS committed, SUM(billed) AS billed, SUM(accrued) AS accrued,
       SUM(open) AS open, SUM(actual) AS actual, SUM(actual_ordered) AS actual_ordered,
       SUM(actual_direct) AS actual_direct, SUM(actual_accrued) AS actual_accrued,
       SUM(actual_transferred) AS actual_transferred, SUM(pending) AS pending,
       SUM(exposure) AS exposure, SUM(projected) AS projected,
       SUM(budget - projected) AS available, SUM(to_complete) AS to_complete,
       SUM(projected + to_complete) AS at_completion,
       SUM(budget - projected - to_complete) AS variance
  FROM forecast GROUP BY /*group*/
