-- Refuse every change of one more table of the audit.
CREATE OR REPLACE TRIGGER construction_audit_row BEFORE UPDATE OR DELETE
    ON %(table)s FOR EACH ROW EXECUTE FUNCTION construction_audit_refuse();
CREATE OR REPLACE TRIGGER construction_audit_table BEFORE TRUNCATE
    ON %(table)s FOR EACH STATEMENT EXECUTE FUNCTION construction_audit_refuse();
