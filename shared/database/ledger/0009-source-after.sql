-- What the mapping's source_hash became, where nothing but the mapping changed: a later decision for the target moves that base
-- alone, and without it the later operation would not be seen.
ALTER TABLE portage.undo_log ADD COLUMN source_after bigint;
