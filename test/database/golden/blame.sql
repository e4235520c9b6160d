-- constraintColumns
WITH tables AS (SELECT '"public"."doctors"'::regclass::oid AS oid UNION SELECT relid FROM pg_partition_tree('"public"."doctors"'::regclass))
    SELECT coalesce((SELECT (SELECT string_agg(a.attname, ', ' ORDER BY u.position) FROM unnest(c.conkey) WITH ORDINALITY AS u (number, position) JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = u.number) FROM pg_constraint c JOIN tables t ON t.oid = c.conrelid WHERE c.conname = $1 LIMIT 1),
      (SELECT (SELECT string_agg(a.attname, ', ' ORDER BY u.position) FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS u (number, position) JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = u.number) FROM pg_index i JOIN tables t ON t.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid WHERE x.relname = $1 LIMIT 1)) AS columns;

-- makeValues
SELECT count(row((s."doc_no")::pg_catalog."int4", (btrim(s.doc_nm))::pg_catalog."varchar")) FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" = '3'::bigint;

-- castValues
SELECT count(row(g.c0::integer, g.c1)) FROM pg_temp.stage_2 g WHERE g.k = '3'::bigint;

-- createTried
CREATE TEMP TABLE IF NOT EXISTS tried_2 ON COMMIT DELETE ROWS AS SELECT "legacy_id", "name" FROM "public"."doctors" WITH NO DATA;

-- storeValues
INSERT INTO pg_temp.tried_2 ("legacy_id", "name") SELECT g.c0::integer, g.c1 FROM pg_temp.stage_2 g WHERE g.k = '3'::bigint;
INSERT INTO pg_temp.tried_2 DEFAULT VALUES;
