DROP TRIGGER IF EXISTS construction_change_order_sums ON %(table)s;
CREATE CONSTRAINT TRIGGER construction_change_order_sums
    AFTER INSERT OR UPDATE OR DELETE ON %(table)s
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION construction_change_order_sums();
