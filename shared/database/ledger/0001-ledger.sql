-- The ledger: everything that Portage knows about a target database, in a schema of its own beside the data.
-- Applied once, never edited after a release; later changes are later numbers.
-- Every table is scoped by map name (through entities), so that two maps may share a target (SEMANTICS 8).

CREATE TABLE portage.settings (
  name text PRIMARY KEY,
  value text NOT NULL
);
COMMENT ON TABLE portage.settings IS 'One value each: the key for hashes of sensitive columns, the hold of stop-all-operations';

CREATE TABLE portage.maps (
  map_name text NOT NULL,
  map_hash text NOT NULL,
  document json NOT NULL,             -- json, not jsonb: the order of the columns is part of a map
  registered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (map_name, map_hash)
);

CREATE TABLE portage.entities (
  entity_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  map_name text NOT NULL,
  entity text NOT NULL,
  order_key text NOT NULL CHECK (order_key IN ('integer', 'text')),
  source_shape text NOT NULL,         -- what the row hash of the source was taken over; another shape is incomparable
  target_shape text NOT NULL,
  base_columns text[] NOT NULL,       -- the columns of source_columns and target_columns of a mapping, four bytes each
  base_forms text[] NOT NULL,         -- how each of them is hashed
  source_probe text,                  -- what each server answered when asked to hash known values (SEMANTICS 5)
  target_probe text,
  registered_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (map_name, entity)
);

-- ---- operations and ownership ---------------------------------------------------------------------------------------

CREATE TABLE portage.operations (
  operation_no integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_id text NOT NULL UNIQUE,
  operation_type text NOT NULL CHECK (operation_type IN
    ('differential_migration', 'synchronization', 'resolution', 'repair', 'rollback', 'restore', 'backup', 'validation')),
  status text NOT NULL DEFAULT 'running' CHECK (status IN
    ('running', 'completed', 'completed_with_findings', 'stopped', 'failed', 'skipped')),
  batch_label text,
  execution text,
  map_name text NOT NULL,
  map_hash text NOT NULL,
  mode text NOT NULL DEFAULT 'differential',
  request jsonb NOT NULL,
  source_database text NOT NULL,      -- host, port and name as the server says them
  stop_requested_at timestamptz,
  started_by text NOT NULL DEFAULT session_user,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  error_code text,
  error_message text,
  notes text[] NOT NULL DEFAULT '{}',
  summary jsonb
);
CREATE INDEX ON portage.operations (batch_label);
CREATE INDEX ON portage.operations (execution);

CREATE TABLE portage.migration_checkpoints (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  operation_id text NOT NULL REFERENCES portage.operations (operation_id),
  entity_id integer NOT NULL REFERENCES portage.entities,
  entity_type text NOT NULL,
  operation_type text NOT NULL,
  status text NOT NULL DEFAULT 'pending' CHECK (status IN
    ('pending', 'in_progress', 'stopped', 'failed', 'completed', 'completed_unverified', 'superseded', 'rolled_back')),
  mode text NOT NULL,
  map_name text NOT NULL,
  map_hash text NOT NULL,
  catalog_hash text NOT NULL,         -- of both schemas as this entity sees them
  fence bigint NOT NULL,
  owner text NOT NULL,                -- execution and host, for people
  slices json,                        -- [{slice, from, to}]: the plan, kept so that a resume repeats it
  fresh boolean NOT NULL DEFAULT false, -- the target had no row that has no mapping: nothing to adopt
  rows_total bigint,                  -- estimated while pending, then as counted
  unverified json,                    -- [{slice, from, to}]: what a forced completion left out; null: nothing
  error_code text,
  error_message text,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  completed_at timestamptz
);
CREATE UNIQUE INDEX one_writer_per_entity ON portage.migration_checkpoints (entity_id) WHERE status = 'in_progress';
CREATE INDEX ON portage.migration_checkpoints (operation_id);
CREATE INDEX ON portage.migration_checkpoints (entity_id, created_at);

-- The number that proves ownership. Batches hold it FOR KEY SHARE, a takeover raises it; the unique key makes raising it a
-- key update, which waits for the batches (SEMANTICS 19). Counters and heartbeats are rows elsewhere.
CREATE TABLE portage.fences (
  entity_id integer PRIMARY KEY REFERENCES portage.entities,
  fence bigint NOT NULL,
  UNIQUE (entity_id, fence)
);

CREATE TABLE portage.workers (
  checkpoint_id uuid NOT NULL REFERENCES portage.migration_checkpoints ON DELETE CASCADE,
  slice integer NOT NULL,             -- -1: the steps before and after the slices
  pid integer NOT NULL,
  backend_start timestamptz NOT NULL,
  host text NOT NULL,
  heartbeat_at timestamptz NOT NULL,
  PRIMARY KEY (checkpoint_id, slice)
) WITH (fillfactor = 50);
COMMENT ON TABLE portage.workers IS 'The session that last worked on a slice, and when: a takeover ends that backend before it raises the fence';

CREATE TABLE portage.migration_batches (
  batch_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  checkpoint_id uuid NOT NULL REFERENCES portage.migration_checkpoints ON DELETE CASCADE,
  slice integer NOT NULL,
  lower_bound text COLLATE "C",       -- exclusive; null: open; of slice -1 (references, parked rows) a name for the work
  upper_bound text COLLATE "C",       -- inclusive; null: open
  fence bigint NOT NULL,
  rows_read bigint NOT NULL, inserted bigint NOT NULL, updated bigint NOT NULL, unchanged bigint NOT NULL, deleted bigint NOT NULL,
  adopted bigint NOT NULL, kept bigint NOT NULL, conflicts bigint NOT NULL, parked bigint NOT NULL, set_aside bigint NOT NULL,
  read_ms integer NOT NULL, write_ms integer NOT NULL,
  memory_bytes bigint NOT NULL,       -- of the worker's process
  committed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- A batch is identified by (checkpoint, slice, lower bound): repeated, its stored result wins (SEMANTICS 20).
CREATE UNIQUE INDEX one_result_per_batch ON portage.migration_batches
  (checkpoint_id, slice, (lower_bound IS NULL), (coalesce(lower_bound, '')));

-- ---- rows -----------------------------------------------------------------------------------------------------------

-- One leaf an entity, indexed by its own kind of legacy key: portage.uuid_mappings_N.
CREATE TABLE portage.uuid_mappings (
  legacy_id bigint,                   -- the legacy key where it is one integer
  source_hash bigint,                 -- base_source: the row as last consumed; null: no base yet
  target_hash bigint,                 -- base_target: the row as our write returned it
  target_uuid uuid,                   -- the target key where it is one uuid
  entity_id integer NOT NULL,
  operation_no integer NOT NULL,      -- the operation that made this mapping
  closed_by integer,                  -- the operation that found the row gone on both sides, or in the source
  origin "char" NOT NULL,             -- i inserted, a adopted, r repaired
  source_columns bytea,               -- base_source by column: four bytes of hash each, in the order of entities.base_columns
  target_columns bytea,               -- base_target by column; null: as source_columns
  legacy_key text COLLATE "C",        -- the canonical legacy key otherwise (SEMANTICS 6)
  target_key text COLLATE "C"         -- the canonical target key otherwise
) PARTITION BY LIST (entity_id);
ALTER TABLE portage.uuid_mappings ALTER source_columns SET STORAGE MAIN, ALTER target_columns SET STORAGE MAIN;

CREATE VIEW portage.mappings AS
  SELECT e.map_name, e.entity, coalesce(m.legacy_key, m.legacy_id::text) AS legacy_key, coalesce(m.target_key, m.target_uuid::text) AS target_key,
    m.target_uuid, CASE m.origin WHEN 'i' THEN 'inserted' WHEN 'a' THEN 'adopted' ELSE 'repaired' END AS origin,
    o.operation_id, m.source_hash, m.target_hash, m.closed_by IS NOT NULL AS closed
  FROM portage.uuid_mappings m JOIN portage.entities e USING (entity_id) JOIN portage.operations o USING (operation_no);
COMMENT ON VIEW portage.mappings IS 'Legacy key and target key of every row, for people and reports';

-- What to take back. Inserted rows are kept as arrays, one row a batch: 32 bytes a row instead of a hundred.
CREATE TABLE portage.undo_inserts (
  batch_no bigint NOT NULL,
  entity_id integer NOT NULL REFERENCES portage.entities,
  operation_no integer NOT NULL REFERENCES portage.operations,
  written_at timestamptz NOT NULL DEFAULT now(),
  legacy_ids bigint[], legacy_keys text[] COLLATE "C",
  target_uuids uuid[], target_keys text[] COLLATE "C",
  hashes bigint[] NOT NULL,
  PRIMARY KEY (batch_no, entity_id)
);
ALTER TABLE portage.undo_inserts ALTER legacy_ids SET STORAGE EXTERNAL, ALTER target_uuids SET STORAGE EXTERNAL, ALTER hashes SET STORAGE EXTERNAL;
CREATE INDEX ON portage.undo_inserts (operation_no);

CREATE TABLE portage.undo_log (
  undo_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  batch_no bigint NOT NULL,
  entity_id integer NOT NULL REFERENCES portage.entities,
  operation_no integer NOT NULL REFERENCES portage.operations,
  action text NOT NULL CHECK (action IN ('update', 'delete', 'adopt', 'remap')),
  legacy_key text COLLATE "C" NOT NULL,
  target_key text COLLATE "C",
  before jsonb,                       -- column -> its exact text; updates: what was written, deletes: the whole row
  hash_after bigint,                  -- of the target row as our write left it
  source_hash bigint, target_hash bigint, source_columns bytea, target_columns bytea, -- the bases before
  written_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ON portage.undo_log (operation_no, entity_id);

CREATE TABLE portage.pending_references (
  entity_id integer NOT NULL REFERENCES portage.entities,
  column_name text NOT NULL,
  legacy_key text COLLATE "C" NOT NULL,
  parent_key text COLLATE "C" NOT NULL,
  operation_no integer NOT NULL REFERENCES portage.operations,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (entity_id, column_name, legacy_key)
);
COMMENT ON TABLE portage.pending_references IS 'References written as NULL because their parent was not there yet; every run retries them (SEMANTICS 23)';

CREATE TABLE portage.parked_rows (
  entity_id integer NOT NULL REFERENCES portage.entities,
  legacy_key text COLLATE "C" NOT NULL,
  reason text NOT NULL,
  operation_no integer NOT NULL REFERENCES portage.operations,
  PRIMARY KEY (entity_id, legacy_key)
);
COMMENT ON TABLE portage.parked_rows IS 'Rows that wait for another row until the end of their entity';

CREATE TABLE portage.vanished_rows (
  entity_id integer NOT NULL REFERENCES portage.entities,
  legacy_key text COLLATE "C" NOT NULL,
  operation_no integer NOT NULL REFERENCES portage.operations,
  PRIMARY KEY (entity_id, legacy_key)
);
COMMENT ON TABLE portage.vanished_rows IS 'Mapped rows that the source lost and the map wants deleted or marked: done at the end of the run, children first';

CREATE TABLE portage.set_aside_rows (
  entity_id integer NOT NULL REFERENCES portage.entities,
  legacy_key text COLLATE "C" NOT NULL,
  code text NOT NULL,
  column_name text,
  reason text NOT NULL,               -- without values of entities that have sensitive columns
  state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'ignored', 'written', 'gone')), -- gone: the row, or its reason
  rows integer NOT NULL DEFAULT 1,    -- of the source that the key stands for
  operation_no integer NOT NULL REFERENCES portage.operations, -- that saw it last
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now(),
  ignored_reason text,
  ignored_by text,
  ignored_row text,                   -- hash of the source row as it was then: another one brings the row back
  PRIMARY KEY (entity_id, legacy_key)
);

CREATE TABLE portage.data_differentials (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  entity_id integer NOT NULL REFERENCES portage.entities,
  entity_type text NOT NULL,
  source_table text NOT NULL,
  target_table text NOT NULL,
  legacy_key text COLLATE "C" NOT NULL,
  target_key text COLLATE "C",
  comparison_type text NOT NULL CHECK (comparison_type IN
    ('missing', 'extra', 'value', 'orphan', 'wrong_parent', 'conflict', 'deleted', 'adopted', 'reappeared')),
  columns text[] NOT NULL DEFAULT '{}',
  reason text NOT NULL,
  source_hash bigint,
  target_hash bigint,
  source_values jsonb,                -- a keyed hash in place of a sensitive value
  target_values jsonb,
  resolved boolean NOT NULL DEFAULT false,
  resolved_by text,
  resolved_at timestamptz,
  operation_no integer NOT NULL REFERENCES portage.operations, -- that saw it last
  first_seen timestamptz NOT NULL DEFAULT now(),
  last_seen timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX one_open_differential ON portage.data_differentials (entity_id, legacy_key, comparison_type) WHERE NOT resolved;
CREATE INDEX ON portage.data_differentials (entity_id, resolved, operation_no);

-- ---- jobs -----------------------------------------------------------------------------------------------------------

CREATE TABLE portage.synchronization_jobs (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  map_name text NOT NULL,
  job_name text NOT NULL UNIQUE,
  entities text[] NOT NULL,
  schedule text NOT NULL,
  timezone text NOT NULL DEFAULT 'UTC',
  mode text NOT NULL DEFAULT 'differential',
  conflict_resolution text NOT NULL DEFAULT 'manual',
  batch_size integer,
  timeout_ms integer,
  status text NOT NULL DEFAULT 'scheduled' CHECK (status IN ('scheduled', 'running', 'paused', 'failed')),
  version integer NOT NULL DEFAULT 1,
  last_run_at timestamptz,
  next_run_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
