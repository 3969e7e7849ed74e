-- What surrounds construction_audit. Run at installation and update, as the owner of the table.
CREATE TABLE IF NOT EXISTS construction_audit_detail (
    -- the readable part of a row: it may hold personal data, so it can be erased
    audit_id integer PRIMARY KEY REFERENCES construction_audit (id),
    salt bytea,
    text text,
    CHECK ((salt IS NULL) = (text IS NULL))
);
CREATE TABLE IF NOT EXISTS construction_audit_leaf (
    -- the hash of a row and the seal that covers it
    audit_id integer NOT NULL UNIQUE,
    chain integer NOT NULL,
    number integer NOT NULL,
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (chain, number, audit_id)
);
CREATE TABLE IF NOT EXISTS construction_audit_unsealed (
    -- rows that wait for their seal; commit order is not id order, so a list and no mark
    audit_id integer NOT NULL
);
ALTER TABLE construction_audit ALTER COLUMN at SET DEFAULT (now() AT TIME ZONE 'UTC');

CREATE OR REPLACE FUNCTION construction_audit_is_retired(row_id integer) RETURNS boolean AS $$
BEGIN
    -- a later seal of the chain gave the rows of this one up; the number never falls
    RETURN EXISTS (
        SELECT FROM construction_audit_leaf l
         WHERE l.audit_id = row_id
           AND l.number <= (SELECT s.retired_through FROM construction_audit_seal s
                             WHERE COALESCE(s.company_id, 0) = l.chain
                             ORDER BY s.number DESC LIMIT 1));
END $$ LANGUAGE plpgsql STABLE;

CREATE OR REPLACE FUNCTION construction_audit_refuse() RETURNS trigger AS $$
BEGIN
    IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' THEN
        -- nested: each branch may name only columns that its table has
        IF TG_TABLE_NAME = 'construction_audit' THEN
            IF construction_audit_is_retired(OLD.id) THEN
                RETURN OLD;
            END IF;
        ELSIF TG_TABLE_NAME IN ('construction_audit_detail', 'construction_audit_leaf') THEN
            IF construction_audit_is_retired(OLD.audit_id) THEN
                RETURN OLD;
            END IF;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'construction_audit_detail' THEN
        IF NEW.audit_id = OLD.audit_id AND NEW.text IS NULL AND NEW.salt IS NULL THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the audit trail is append-only' USING ERRCODE = '42501';
END $$ LANGUAGE plpgsql;

CREATE OR REPLACE FUNCTION construction_audit_enlist() RETURNS trigger AS $$
BEGIN
    INSERT INTO construction_audit_unsealed (audit_id) SELECT id FROM fresh;
    RETURN NULL;
END $$ LANGUAGE plpgsql;

-- Retention: takes away rows that a seal has given up already, and nothing else. It runs with
-- the rights of the tables' owner, so that the application needs no right to delete.
CREATE OR REPLACE FUNCTION construction_audit_prune(most integer) RETURNS integer AS $$
DECLARE
    doomed integer[];
BEGIN
    SELECT array_agg(l.audit_id) INTO doomed FROM (
        SELECT l.audit_id
          FROM (SELECT COALESCE(company_id, 0) AS chain, max(retired_through) AS through
                  FROM construction_audit_seal GROUP BY 1) r
          JOIN construction_audit_leaf l ON l.chain = r.chain AND l.number <= r.through
         LIMIT most) l;
    DELETE FROM construction_audit_detail WHERE audit_id = ANY(doomed);
    DELETE FROM construction_audit WHERE id = ANY(doomed);
    DELETE FROM construction_audit_leaf WHERE audit_id = ANY(doomed);
    RETURN COALESCE(array_length(doomed, 1), 0);
END $$ LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp;

CREATE OR REPLACE TRIGGER construction_audit_fresh AFTER INSERT ON construction_audit
    REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION construction_audit_enlist();
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['construction_audit', 'construction_audit_detail',
                                'construction_audit_leaf'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER construction_audit_row BEFORE UPDATE OR DELETE'
            ' ON %I FOR EACH ROW EXECUTE FUNCTION construction_audit_refuse()', name);
        EXECUTE format('CREATE OR REPLACE TRIGGER construction_audit_table BEFORE TRUNCATE'
            ' ON %I FOR EACH STATEMENT EXECUTE FUNCTION construction_audit_refuse()', name);
    END LOOP;
END $$;
