-- The target's rows of the entity equalled their bases when its slices were planned: what was edited since is found by the next
-- run, or by this one where the source has changed the same row. Whoever takes the plan over later does not rely on it.
-- Changes of the source lay everywhere: no slice looks for steps without any.
ALTER TABLE portage.migration_checkpoints
  ADD COLUMN untouched boolean NOT NULL DEFAULT false,
  ADD COLUMN scattered boolean NOT NULL DEFAULT false;

-- Each entry's operation and entity were looked up and locked, in every lane (measured: a fifth of the time of an entry). They are
-- written by the transaction that has just read both, and no operation or entity is ever deleted; the mappings have no such keys either.
ALTER TABLE portage.undo_log DROP CONSTRAINT undo_log_operation_no_fkey, DROP CONSTRAINT undo_log_entity_id_fkey;
