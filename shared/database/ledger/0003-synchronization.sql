-- Synchronization: the runs of a job, where each entity's source was read up to, and every decision on a row that both
-- sides changed.

ALTER TABLE portage.synchronization_jobs
  ALTER conflict_resolution DROP NOT NULL, ALTER conflict_resolution DROP DEFAULT, -- null: what the map says of each entity
  ADD overlap text NOT NULL DEFAULT 'skip' CHECK (overlap IN ('skip', 'queue')), -- what a run does that finds another of its job
  ADD full_every interval NOT NULL DEFAULT '1 day' CHECK (full_every >= '0'),    -- how old the last full comparison may be
  ADD paused_at timestamptz,
  ADD last_error text,
  ADD waiting_execution text,         -- the one run that waits for its turn (overlap: queue)
  ADD waiting_since timestamptz;      -- its last sign of life

CREATE TABLE portage.synchronization_runs (
  run_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job_id uuid NOT NULL REFERENCES portage.synchronization_jobs ON DELETE CASCADE,
  scheduled_time timestamptz,         -- null: started by hand
  execution text,
  operation_id text REFERENCES portage.operations (operation_id),
  status text NOT NULL DEFAULT 'running' CHECK (status IN
    ('running', 'completed', 'completed_with_findings', 'stopped', 'failed', 'skipped')),
  deadline timestamptz,               -- when the run gives up at the next batch border (S002)
  detection json,                     -- by entity: path (full, horizon), and why
  summary jsonb,                      -- by entity: counts, as of the operation
  error_code text,
  error_message text,
  started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  -- A scheduled time that comes twice is one run.
  UNIQUE (job_id, scheduled_time)
);
CREATE UNIQUE INDEX one_run_per_job ON portage.synchronization_runs (job_id) WHERE status = 'running';
CREATE INDEX ON portage.synchronization_runs (job_id, started_at);
CREATE INDEX ON portage.synchronization_runs (operation_id);

-- What every transaction of the source below the horizon has written was consumed. Moved only when an entity's run is complete.
CREATE TABLE portage.horizons (
  entity_id integer PRIMARY KEY REFERENCES portage.entities,
  source_database text NOT NULL,      -- the horizon counts the transactions of this server and of no other
  timeline text NOT NULL,             -- after a failover or a restore the same numbers are other transactions
  relation_file text NOT NULL,        -- a rewritten table has lost who wrote its rows
  shape text NOT NULL,                -- of the source's side of the map: another filter shows other rows
  horizon bigint NOT NULL,            -- txid_snapshot_xmin of the snapshot in which the reading began
  oldest_began timestamptz,           -- when the oldest transaction then open began; null: the role may not see it
  taken_at timestamptz NOT NULL,
  full_descent_at timestamptz NOT NULL, -- when the last full comparison began
  operation_no integer NOT NULL REFERENCES portage.operations
);
COMMENT ON TABLE portage.horizons IS 'Up to which transaction the source of an entity was read: the fast path of a synchronization begins there';

-- Every conflict that was settled, with what decided it. Values of sensitive columns stand here as keyed hashes.
CREATE TABLE portage.conflict_decisions (
  decision_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity_id integer NOT NULL REFERENCES portage.entities,
  operation_no integer NOT NULL REFERENCES portage.operations,
  batch_no bigint NOT NULL,
  legacy_key text COLLATE "C" NOT NULL,
  target_key text COLLATE "C",
  comparison_type text NOT NULL,
  columns text[] NOT NULL DEFAULT '{}', -- that differed
  old_values jsonb,                   -- of the target before
  new_values jsonb,                   -- of the source
  chosen text NOT NULL CHECK (chosen IN ('source', 'target', 'merged', 'custom')),
  chosen_values jsonb,                -- of the target after
  rule text NOT NULL,                 -- the strategy that decided, the second where the first could not
  undoable boolean NOT NULL,          -- the undo log has what is needed to take it back
  decided_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON portage.conflict_decisions (entity_id, legacy_key);
CREATE INDEX ON portage.conflict_decisions (operation_no);

ALTER TABLE portage.vanished_rows ADD despite bigint; -- hash of an edited target row that was decided to go all the same
