-- The target's rows of the entity equalled their bases when its slices were planned: what was edited since is found by the next
-- run, or by this one where the source has changed the same row. Whoever takes the plan over later does not rely on it.
ALTER TABLE portage.migration_checkpoints ADD COLUMN untouched boolean NOT NULL DEFAULT false;
