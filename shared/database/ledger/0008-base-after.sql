-- What the mapping's target_hash became, where that is not the row's own hash: a strategy kept something of the target, and the
-- edit still shows. Without it such an entry looks as if a later operation had written the mapping.
ALTER TABLE portage.undo_log ADD COLUMN base_after bigint;
