-- Validation: what each verdict rests on, and what it found.

-- What a validation has to read, one row a piece, written before anything is read: a piece whose worker died leaves its
-- row as it was planned, and the gate finds the hole.
CREATE TABLE portage.validation_pieces (
  operation_no integer NOT NULL REFERENCES portage.operations,
  piece integer NOT NULL,
  entity_id integer NOT NULL REFERENCES portage.entities,
  check_name text NOT NULL CHECK (check_name IN ('integrity', 'relationships', 'completeness', 'performance')),
  selection json NOT NULL,            -- {range: {from, to}} or {part, of}: half open ranges, or the hash of the key
  share integer,                      -- of 1024, where only a sample of the keys is read
  expected_rows bigint,
  status text NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'done', 'failed')),
  hash_mode text,
  source_rows bigint, target_rows bigint,
  buckets integer, differing integer, -- by hash of the key, and those that were read row by row
  bytes bigint,                       -- carried between the servers and the process
  details json,                       -- what a check knows beside rows: mappings, rates
  read_from timestamptz, read_to timestamptz,
  error_code text,
  error_message text,
  PRIMARY KEY (operation_no, piece)
);
CREATE INDEX ON portage.validation_pieces (entity_id);

-- What a validation found, one row a legacy key and kind. Kept until the next validation of the entity; what is open stands
-- in data_differentials.
CREATE TABLE portage.validation_findings (
  operation_no integer NOT NULL REFERENCES portage.operations,
  entity_id integer NOT NULL REFERENCES portage.entities,
  piece integer NOT NULL,             -- a piece that is read again forgets what it found before
  legacy_key text COLLATE "C" NOT NULL,
  kind text NOT NULL CHECK (kind IN ('missing', 'extra', 'value', 'orphan', 'wrong_parent', 'mapping')),
  columns text[] NOT NULL DEFAULT '{}',
  reasons jsonb NOT NULL DEFAULT '{}', -- why, by column
  reason text NOT NULL,
  target_key text COLLATE "C",
  source_hash bigint,
  target_hash bigint,
  source_values jsonb,                -- a keyed hash in place of a sensitive value
  target_values jsonb,
  found_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (operation_no, entity_id, legacy_key, kind)
);
CREATE INDEX ON portage.validation_findings (entity_id);

-- A checkpoint that a validation proved wrong: resume and fast paths refuse until a full match or a reset (null: none did).
ALTER TABLE portage.migration_checkpoints ADD COLUMN refuted_by text REFERENCES portage.operations (operation_id);
