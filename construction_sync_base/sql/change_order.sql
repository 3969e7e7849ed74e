-- The sums of a change order hold in the database, whatever wrote its lines: checked when the
-- transaction commits, so that lines and sums may be written one after the other.
CREATE OR REPLACE FUNCTION construction_change_order_sums() RETURNS trigger AS $$
DECLARE
    change_key integer;
    line_key integer;
BEGIN
    IF TG_TABLE_NAME = 'construction_change_order' THEN
        change_key := NEW.id;
    ELSIF TG_TABLE_NAME = 'construction_change_order_line' THEN
        change_key := CASE WHEN TG_OP = 'DELETE' THEN OLD.change_id ELSE NEW.change_id END;
        line_key := CASE WHEN TG_OP = 'DELETE' THEN OLD.id ELSE NEW.id END;
    ELSE
        line_key := CASE WHEN TG_OP = 'DELETE' THEN OLD.line_id ELSE NEW.line_id END;
    END IF;
    IF EXISTS (
        SELECT FROM construction_change_order c
         WHERE c.id = change_key
           AND (COALESCE(c.budget_amount, 0), COALESCE(c.cost_amount, 0),
                COALESCE(c.markup_amount, 0), COALESCE(c.revenue_amount, 0)) <> (
                SELECT COALESCE(SUM(l.budget_amount), 0), COALESCE(SUM(l.cost_amount), 0),
                       COALESCE(SUM(l.markup_amount), 0), COALESCE(SUM(l.revenue_amount), 0)
                  FROM construction_change_order_line l WHERE l.change_id = c.id)
    ) OR EXISTS (
        SELECT FROM construction_change_order_line l
         WHERE l.id = line_key AND COALESCE(l.markup_amount, 0) <> (
               SELECT COALESCE(SUM(m.amount), 0) FROM construction_change_order_markup m
                WHERE m.line_id = l.id)
    ) THEN
        RAISE EXCEPTION 'the sums of change order % or its line % differ from what they add up',
            change_key, line_key USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END
$$ LANGUAGE plpgsql;
