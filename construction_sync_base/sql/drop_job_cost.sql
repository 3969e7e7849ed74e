-- What sql/job_cost.sql made on tables of Odoo, when the addon is uninstalled.
DROP FUNCTION IF EXISTS construction_period_hold_item(), construction_period_hold_analytic(),
    construction_cost_is_posted() CASCADE; -- with their triggers
DROP FUNCTION IF EXISTS construction_cost_differs(account_analytic_line, account_analytic_line),
    construction_period_refuse(integer, date), construction_names_job(jsonb),
    construction_is_job(integer), construction_period_is_locked(integer, date);
