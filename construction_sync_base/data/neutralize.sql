-- Secrets and keys of production have no business in a copy.
DELETE FROM construction_secret;
DELETE FROM res_users_apikeys WHERE scope IN ('construction_sync', 'construction_metrics');

-- No platform takes anything in until somebody activates it here; a production platform
-- cannot be activated in a neutralised database at all.
UPDATE construction_platform
   SET state = 'draft', confirmed_database = NULL;

-- Nobody is told what happens in a copy.
UPDATE construction_subscription SET state = 'paused' WHERE state = 'active';

-- Servers that run on this database forget what they have cached.
INSERT INTO orm_signaling_registry DEFAULT VALUES;
