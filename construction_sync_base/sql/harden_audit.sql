-- Takes the audit's tables away from the role that Odoo connects with. Afterwards that role
-- can add rows, read them, erase a detail and nothing else; not even a superuser switches the
-- guards off by session_replication_role.
--
--   psql -d DATABASE -v app=odoo -v owner=construction_audit_owner -f harden_audit.sql
--
-- Run by a superuser, while no server runs. `app` is Odoo's role and must be no superuser and
-- no member of `owner`. An update of the addon that changes these tables needs
-- relax_audit.sql before and this script after.
\set ON_ERROR_STOP on
\if :{?app} \else \echo 'give -v app=ROLE of Odoo' \quit \endif
\if :{?owner} \else \set owner construction_audit_owner \endif
BEGIN;
SELECT NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') AS absent \gset
\if :absent
    CREATE ROLE :"owner" NOLOGIN;
\endif
-- who owns the schema may drop what is in it
ALTER SCHEMA public OWNER TO :"owner";
GRANT USAGE, CREATE ON SCHEMA public TO :"app";
ALTER TABLE construction_audit OWNER TO :"owner";
ALTER TABLE construction_audit_detail OWNER TO :"owner";
ALTER TABLE construction_audit_leaf OWNER TO :"owner";
ALTER TABLE construction_audit_seal OWNER TO :"owner";
ALTER TABLE construction_audit_checkpoint OWNER TO :"owner";
ALTER FUNCTION construction_audit_refuse() OWNER TO :"owner";
ALTER FUNCTION construction_audit_enlist() OWNER TO :"owner";
ALTER FUNCTION construction_audit_is_retired(integer) OWNER TO :"owner";
ALTER FUNCTION construction_audit_prune(integer) OWNER TO :"owner";

REVOKE ALL ON construction_audit, construction_audit_detail, construction_audit_leaf,
    construction_audit_seal, construction_audit_checkpoint FROM PUBLIC, :"app";
GRANT SELECT ON construction_audit, construction_audit_detail, construction_audit_leaf,
    construction_audit_seal, construction_audit_checkpoint TO :"app";
-- not the time: it is the database's, so that nothing is dated back
GRANT INSERT (id, company_id, model, res_id, action, actor_id, event_id, text_digest)
    ON construction_audit TO :"app";
GRANT INSERT ON construction_audit_detail, construction_audit_leaf, construction_audit_seal,
    construction_audit_checkpoint TO :"app";
GRANT UPDATE (salt, text) ON construction_audit_detail TO :"app"; -- a trigger lets only NULL in
GRANT USAGE, SELECT ON SEQUENCE construction_audit_id_seq, construction_audit_seal_id_seq,
    construction_audit_checkpoint_id_seq TO :"app";
-- the tables' owner reads and prunes on the application's behalf
GRANT SELECT, INSERT, DELETE ON construction_audit_unsealed TO :"owner";
REVOKE ALL ON FUNCTION construction_audit_prune(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION construction_audit_prune(integer) TO :"app";

ALTER TABLE construction_audit ENABLE ALWAYS TRIGGER construction_audit_row;
ALTER TABLE construction_audit ENABLE ALWAYS TRIGGER construction_audit_table;
ALTER TABLE construction_audit_detail ENABLE ALWAYS TRIGGER construction_audit_row;
ALTER TABLE construction_audit_detail ENABLE ALWAYS TRIGGER construction_audit_table;
ALTER TABLE construction_audit_leaf ENABLE ALWAYS TRIGGER construction_audit_row;
ALTER TABLE construction_audit_leaf ENABLE ALWAYS TRIGGER construction_audit_table;
ALTER TABLE construction_audit_seal ENABLE ALWAYS TRIGGER construction_audit_row;
ALTER TABLE construction_audit_seal ENABLE ALWAYS TRIGGER construction_audit_table;
ALTER TABLE construction_audit_checkpoint ENABLE ALWAYS TRIGGER construction_audit_row;
ALTER TABLE construction_audit_checkpoint ENABLE ALWAYS TRIGGER construction_audit_table;
COMMIT;
\echo 'hardened'
