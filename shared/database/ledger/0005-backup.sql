-- Backup and restore: what a backup has done so far, which file a restore was proved to have, and the rows that wait in it.

CREATE TABLE portage.backups (
  operation_no integer PRIMARY KEY REFERENCES portage.operations,
  file text NOT NULL,
  sha256 text,                        -- of the whole file; null until it is complete
  bytes bigint,
  encrypted boolean NOT NULL,
  taken_at timestamptz NOT NULL DEFAULT now(), -- the moment of the snapshot, to the second
  beat_at timestamptz NOT NULL DEFAULT clock_timestamp(), -- the last sign of life of who writes it
  completed_at timestamptz
) WITH (fillfactor = 50);
COMMENT ON TABLE portage.backups IS 'Backups that were made, with their checksums';

CREATE TABLE portage.backup_entities (
  operation_no integer NOT NULL REFERENCES portage.operations,
  entity_id integer NOT NULL REFERENCES portage.entities,
  rows_total bigint NOT NULL,
  rows_done bigint NOT NULL DEFAULT 0,
  sha256 text,
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (operation_no, entity_id)
) WITH (fillfactor = 50);
COMMENT ON TABLE portage.backup_entities IS 'A backup takes no lock and has no checkpoint: this is how far it is';

CREATE TABLE portage.restores (
  operation_no integer PRIMARY KEY REFERENCES portage.operations,
  file text NOT NULL,
  identity text NOT NULL,             -- of the file as it was proved: another one is refused
  sha256 text NOT NULL,
  header json NOT NULL,
  rows json NOT NULL,                 -- entity -> how many
  places json NOT NULL                -- entity -> where reading may begin: [{offset, row, sealed}]
);
COMMENT ON TABLE portage.restores IS 'Backups that were proved before they were restored';

CREATE TABLE portage.waiting_restores (
  operation_no integer NOT NULL REFERENCES portage.operations,
  entity_id integer NOT NULL REFERENCES portage.entities,
  legacy_key text COLLATE "C" NOT NULL,
  written boolean NOT NULL,           -- it is there, without the reference that it waits for
  reason text NOT NULL,
  PRIMARY KEY (operation_no, entity_id, legacy_key)
);
COMMENT ON TABLE portage.waiting_restores IS 'Rows of a backup that wait for another row until the end of their entities';
