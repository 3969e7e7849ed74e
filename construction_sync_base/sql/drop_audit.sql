-- What sql/audit.sql made and Odoo does not know of, when the addon is uninstalled.
DROP TABLE construction_audit_detail, construction_audit_leaf, construction_audit_unsealed;
DROP TRIGGER construction_audit_fresh ON construction_audit;
DROP FUNCTION construction_audit_prune(integer), construction_audit_enlist();
