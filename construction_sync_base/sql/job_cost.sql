-- What holds job cost to the ledger whatever the path: raw SQL, native rewriting, imports.
-- Run at installation and update.

CREATE OR REPLACE FUNCTION construction_period_is_locked(company integer, day date)
RETURNS boolean AS $$
DECLARE
    state varchar;
BEGIN
    -- The one lookup that an open month costs; it has no row before somebody starts to close
    -- it. FOR SHARE: a month that is locked meanwhile makes this transaction start again.
    SELECT p.job_cost_state INTO state FROM construction_period p
     WHERE p.company_id = company AND p.month = date_trunc('month', day)::date FOR SHARE;
    RETURN COALESCE(state = 'locked', FALSE);
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION construction_is_job(account integer) RETURNS boolean AS $$
BEGIN
    RETURN EXISTS (SELECT FROM project_project j WHERE j.account_id = account AND j.is_job);
END $$ LANGUAGE plpgsql STABLE;

CREATE OR REPLACE FUNCTION construction_names_job(distribution jsonb) RETURNS boolean AS $$
BEGIN
    IF jsonb_typeof(distribution) IS DISTINCT FROM 'object' THEN
        RETURN FALSE;
    END IF;
    RETURN EXISTS (SELECT FROM jsonb_object_keys(distribution) k,
                               regexp_split_to_table(k, ',') a
                    WHERE a ~ '^[0-9]+$' AND construction_is_job(a::integer));
END $$ LANGUAGE plpgsql STABLE;

CREATE OR REPLACE FUNCTION construction_period_refuse(company integer, day date)
RETURNS void AS $$
BEGIN
    RAISE EXCEPTION 'the job cost of % is locked (company %)', to_char(day, 'YYYY-MM'), company
          USING ERRCODE = 'check_violation', TABLE = 'construction_period',
                CONSTRAINT = 'construction_period_locked', DETAIL = to_char(day, 'YYYY-MM');
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION construction_period_hold_item() RETURNS trigger AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.parent_state = 'posted'
       AND OLD.analytic_distribution IS NOT NULL
       AND construction_period_is_locked(OLD.company_id, OLD.date)
       AND construction_names_job(OLD.analytic_distribution) THEN
        PERFORM construction_period_refuse(OLD.company_id, OLD.date);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.parent_state = 'posted' AND NEW.analytic_distribution IS NOT NULL
       AND construction_period_is_locked(NEW.company_id, NEW.date)
       AND construction_names_job(NEW.analytic_distribution) THEN
        PERFORM construction_period_refuse(NEW.company_id, NEW.date);
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION construction_period_hold_analytic() RETURNS trigger AS $$
BEGIN
    -- plans have columns of their own, so they are compared by name, and in locked months only
    IF TG_OP <> 'INSERT' AND OLD.account_id IS NOT NULL
       AND construction_period_is_locked(OLD.company_id, OLD.date)
       AND construction_is_job(OLD.account_id)
       AND (TG_OP = 'DELETE' OR construction_cost_differs(OLD, NEW)) THEN
        PERFORM construction_period_refuse(OLD.company_id, OLD.date);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF NEW.account_id IS NOT NULL
       AND construction_period_is_locked(NEW.company_id, NEW.date)
       AND construction_is_job(NEW.account_id)
       AND (TG_OP = 'INSERT' OR construction_cost_differs(OLD, NEW)) THEN
        PERFORM construction_period_refuse(NEW.company_id, NEW.date);
    END IF;
    RETURN NEW;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION construction_cost_differs(
    was account_analytic_line, becomes account_analytic_line
) RETURNS boolean AS $$
    SELECT (was.date, was.company_id, was.account_id, was.general_account_id,
            was.move_line_id, was.amount, was.unit_amount)
           IS DISTINCT FROM
           (becomes.date, becomes.company_id, becomes.account_id, becomes.general_account_id,
            becomes.move_line_id, becomes.amount, becomes.unit_amount)
        OR EXISTS (SELECT FROM jsonb_each(to_jsonb(was)) b
                     JOIN jsonb_each(to_jsonb(becomes)) a USING (key)
                    WHERE key LIKE 'x\_plan%' AND a.value IS DISTINCT FROM b.value);
$$ LANGUAGE sql STABLE;

-- An amount of a job comes from a journal item that is posted when the transaction ends: Odoo
-- writes the analytic lines first and posts then.
CREATE OR REPLACE FUNCTION construction_cost_is_posted() RETURNS trigger AS $$
BEGIN
    IF EXISTS (SELECT FROM account_analytic_line a
                 LEFT JOIN account_move_line l ON l.id = a.move_line_id
                WHERE a.id = NEW.id AND a.amount <> 0
                  AND l.parent_state IS DISTINCT FROM 'posted')
       AND construction_is_job(NEW.account_id) THEN
        RAISE EXCEPTION 'cost of a job comes from a posted journal item'
              USING ERRCODE = 'check_violation', TABLE = 'construction_period',
                    CONSTRAINT = 'construction_cost_posted';
    END IF;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE TRIGGER construction_period_item_in BEFORE INSERT ON account_move_line
    FOR EACH ROW WHEN (NEW.parent_state = 'posted' AND NEW.analytic_distribution IS NOT NULL)
    EXECUTE FUNCTION construction_period_hold_item();
CREATE OR REPLACE TRIGGER construction_period_item_change BEFORE UPDATE ON account_move_line
    FOR EACH ROW WHEN (
        (OLD.parent_state = 'posted' OR NEW.parent_state = 'posted')
        AND (OLD.analytic_distribution IS NOT NULL OR NEW.analytic_distribution IS NOT NULL)
        AND (OLD.parent_state, OLD.analytic_distribution, OLD.account_id, OLD.date,
             OLD.company_id, OLD.move_id, OLD.balance, OLD.amount_currency, OLD.quantity)
            IS DISTINCT FROM
            (NEW.parent_state, NEW.analytic_distribution, NEW.account_id, NEW.date,
             NEW.company_id, NEW.move_id, NEW.balance, NEW.amount_currency, NEW.quantity))
    EXECUTE FUNCTION construction_period_hold_item();
CREATE OR REPLACE TRIGGER construction_period_item_out BEFORE DELETE ON account_move_line
    FOR EACH ROW WHEN (OLD.parent_state = 'posted' AND OLD.analytic_distribution IS NOT NULL)
    EXECUTE FUNCTION construction_period_hold_item();

CREATE OR REPLACE TRIGGER construction_period_analytic_in BEFORE INSERT ON account_analytic_line
    FOR EACH ROW WHEN (NEW.account_id IS NOT NULL)
    EXECUTE FUNCTION construction_period_hold_analytic();
CREATE OR REPLACE TRIGGER construction_period_analytic_change
    BEFORE UPDATE ON account_analytic_line
    FOR EACH ROW WHEN (OLD.account_id IS NOT NULL OR NEW.account_id IS NOT NULL)
    EXECUTE FUNCTION construction_period_hold_analytic();
CREATE OR REPLACE TRIGGER construction_period_analytic_out BEFORE DELETE ON account_analytic_line
    FOR EACH ROW WHEN (OLD.account_id IS NOT NULL)
    EXECUTE FUNCTION construction_period_hold_analytic();

DROP TRIGGER IF EXISTS construction_cost_is_posted ON account_analytic_line;
CREATE CONSTRAINT TRIGGER construction_cost_is_posted
    AFTER INSERT OR UPDATE OF amount, account_id, move_line_id ON account_analytic_line
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.amount <> 0 AND NEW.account_id IS NOT NULL)
    EXECUTE FUNCTION construction_cost_is_posted();
