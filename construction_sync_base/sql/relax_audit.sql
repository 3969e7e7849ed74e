-- Gives the audit's tables back to Odoo's role, for an update of the addon that changes them.
-- Run harden_audit.sql again afterwards: until then the health check says "not hardened".
--
--   psql -d DATABASE -v app=odoo -f relax_audit.sql
\set ON_ERROR_STOP on
\if :{?app} \else \echo 'give -v app=ROLE of Odoo' \quit \endif
BEGIN;
ALTER SCHEMA public OWNER TO pg_database_owner;
ALTER TABLE construction_audit OWNER TO :"app";
ALTER TABLE construction_audit_detail OWNER TO :"app";
ALTER TABLE construction_audit_leaf OWNER TO :"app";
ALTER TABLE construction_audit_seal OWNER TO :"app";
ALTER TABLE construction_audit_checkpoint OWNER TO :"app";
ALTER FUNCTION construction_audit_refuse() OWNER TO :"app";
ALTER FUNCTION construction_audit_enlist() OWNER TO :"app";
ALTER FUNCTION construction_audit_is_retired(integer) OWNER TO :"app";
ALTER FUNCTION construction_audit_prune(integer) OWNER TO :"app";
COMMIT;
\echo 'relaxed'
