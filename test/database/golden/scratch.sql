-- createScratch
CREATE TEMP TABLE IF NOT EXISTS stage_2 (k bigint NOT NULL, h bigint NOT NULL, c0 pg_catalog."int4", c1 pg_catalog."varchar", c2 pg_catalog."numeric", r3 pg_catalog.int8, r4 pg_catalog.int8, c5 pg_catalog."text", c6 pg_catalog."bpchar", c7 pg_catalog."text", c9 pg_catalog."timestamptz");
    CREATE TEMP TABLE IF NOT EXISTS work_2 (k bigint NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
      source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[], decided text, chosen text, rule text, kept text[], despite bigint, taken text, taken_columns text, r3 uuid, r4 uuid) ON COMMIT DELETE ROWS; CREATE INDEX IF NOT EXISTS stage_2_k ON pg_temp.stage_2 (k); CREATE INDEX IF NOT EXISTS work_2_k ON pg_temp.work_2 (k);

-- createScratch for a dry run
CREATE TEMP TABLE IF NOT EXISTS stage_2 (k bigint NOT NULL, h bigint NOT NULL, c0 pg_catalog."int4", c1 pg_catalog."varchar", c2 pg_catalog."numeric", r3 pg_catalog.int8, r4 pg_catalog.int8, c5 pg_catalog."text", c6 pg_catalog."bpchar", c7 pg_catalog."text", c9 pg_catalog."timestamptz", p0 boolean, p1 boolean);
    CREATE TEMP TABLE IF NOT EXISTS work_2 (k bigint NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
      source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[], decided text, chosen text, rule text, kept text[], despite bigint, taken text, taken_columns text, r3 uuid, r4 uuid) ON COMMIT DELETE ROWS; CREATE INDEX IF NOT EXISTS stage_2_k ON pg_temp.stage_2 (k); CREATE INDEX IF NOT EXISTS work_2_k ON pg_temp.work_2 (k);

-- copyIn
COPY pg_temp.stage_2 (k, h, c0, c1, c2, r3, r4, c5, c6, c7, c9) FROM STDIN;

-- emptyStage
TRUNCATE pg_temp.stage_2;
