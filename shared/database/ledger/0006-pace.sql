-- What the flags of a run need to know across its workers: the pace of its reading, how often connections had to be opened
-- again, what the batches weighed, and what a row of an entity costs beside a row of another.

CREATE TABLE portage.reading_pace (
  operation_no integer PRIMARY KEY REFERENCES portage.operations ON DELETE CASCADE,
  free_at timestamptz NOT NULL,       -- when the rows that were asked for so far are paid for: the next ones may be read then
  waited_ms bigint NOT NULL DEFAULT 0 -- of all lanes together
) WITH (fillfactor = 50);
COMMENT ON TABLE portage.reading_pace IS 'The token bucket of --max-rate, one for all lanes of an operation wherever they run';

ALTER TABLE portage.operations ADD COLUMN connection_retries integer NOT NULL DEFAULT 0;
ALTER TABLE portage.migration_batches ADD COLUMN bytes_read bigint NOT NULL DEFAULT 0; -- as they came from the source
ALTER TABLE portage.migration_checkpoints ADD COLUMN row_cost real;                    -- expected, against other entities; null: nobody said
