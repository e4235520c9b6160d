-- Recovery: what undo entries lacked, what a rollback takes back and in which order, and the rows that it had to keep.

-- A status of its own: an operation that was rolled back is neither done nor to be resumed.
ALTER TABLE portage.operations DROP CONSTRAINT operations_status_check;
ALTER TABLE portage.operations ADD CONSTRAINT operations_status_check CHECK (status IN
  ('running', 'completed', 'completed_with_findings', 'stopped', 'failed', 'skipped', 'rolled_back'));

-- Undo entries are kept for a time; what was cleaned up cannot be taken back any more.
ALTER TABLE portage.operations ADD COLUMN undo_cleaned_at timestamptz;

-- The transaction that wrote. A row whose xmin it is was touched by nobody since, in no column: eight bytes a batch say of
-- an inserted row what its hash, which covers the mapped columns alone, cannot say (docs/adr/0022).
ALTER TABLE portage.undo_inserts ADD COLUMN xid xid8;
ALTER TABLE portage.undo_inserts ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
-- And by it the operation that wrote a row last is found.
ALTER TABLE portage.migration_batches ADD COLUMN xid xid8;
ALTER TABLE portage.migration_batches ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
CREATE INDEX ON portage.migration_batches (xid);

ALTER TABLE portage.undo_log
  ADD COLUMN xid xid8,
  ADD COLUMN after jsonb,             -- what was written, where that was not every column of the map: column -> exact text
  ADD COLUMN linked boolean,          -- the write of a reference that had waited: no change of its own
  ADD COLUMN waiting jsonb,           -- references that waited before: column -> legacy key of the parent
  ADD COLUMN key_before text COLLATE "C", -- the target key before, where the write moved it
  ADD COLUMN closed_before integer,   -- the mapping before, where it was closed, or was taken away: what it said beside its bases
  ADD COLUMN mapped_by integer,
  ADD COLUMN mapped_origin "char";
ALTER TABLE portage.undo_log ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
-- Undo entries are read batch by batch.
DROP INDEX portage.undo_log_operation_no_entity_id_idx;
CREATE INDEX ON portage.undo_log (operation_no, entity_id, batch_no);

-- Which operations a rollback takes back. While it is at work nobody else may begin to take the same one back.
CREATE TABLE portage.rollbacks (
  rollback_no integer NOT NULL REFERENCES portage.operations,
  operation_no integer NOT NULL REFERENCES portage.operations,
  entities text[],                    -- null: all that it wrote
  again integer REFERENCES portage.operations, -- takes back what that rollback had to keep, and nothing else
  before jsonb NOT NULL,              -- status of the operation and of its checkpoints, for when the rollback is taken back itself
  PRIMARY KEY (rollback_no, operation_no)
);
CREATE INDEX ON portage.rollbacks (operation_no);

-- The batches of those operations by transaction, the last first: going back the way one came is always possible.
CREATE TABLE portage.rollback_steps (
  rollback_no integer NOT NULL REFERENCES portage.operations,
  slice integer NOT NULL,             -- entities whose tables are connected
  position integer NOT NULL,
  operation_no integer NOT NULL REFERENCES portage.operations,
  batches bigint[] NOT NULL,
  done boolean NOT NULL DEFAULT false,
  PRIMARY KEY (rollback_no, slice, position)
) WITH (fillfactor = 70);

CREATE TABLE portage.kept_rows (
  rollback_no integer NOT NULL REFERENCES portage.operations,
  entity_id integer NOT NULL REFERENCES portage.entities,
  legacy_key text COLLATE "C" NOT NULL,
  target_key text COLLATE "C",
  operation_no integer NOT NULL REFERENCES portage.operations, -- whose write was not taken back
  reason text NOT NULL CHECK (reason IN ('edited', 'deleted', 'later operation', 'referenced', 'refused', 'occupied')),
  columns text[] NOT NULL DEFAULT '{}',
  later_no integer REFERENCES portage.operations, -- the later operation that wrote the row
  detail text,
  PRIMARY KEY (rollback_no, entity_id, legacy_key)
);
COMMENT ON TABLE portage.kept_rows IS 'Rows that a rollback did not take back: changed since by somebody else, or with something in the way';
