-- copyOut
COPY (SELECT q.k, hashint8extended(0, coalesce(hashtextextended((q.k) COLLATE "C", 1), -1) # coalesce(hashtextextended((q.c0)::text COLLATE "C", 2), -2) # coalesce(hashdateextended((q.c1), 3), -3) # coalesce(hash_numeric_extended((q.c2), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (q.c2) < 0 THEN -1 - scale((q.c2)) ELSE scale((q.c2)) END, hashtext((q.c2)::text)), 5), -5)), q.c0, q.c1, q.c2 FROM (SELECT (CASE WHEN ((s."code")::pg_catalog."text") IS NOT NULL AND ((s."day")::pg_catalog."date") IS NOT NULL THEN jsonb_build_array((s."code")::pg_catalog."text", (s."day")::pg_catalog."date")::text END) COLLATE "C" AS k, (s."code")::pg_catalog."text" AS c0, (s."day")::pg_catalog."date" AS c1, (s."amount")::pg_catalog."numeric" AS c2 FROM "public"."rate" AS s WHERE (CASE WHEN ((s."code")::pg_catalog."text") IS NOT NULL AND ((s."day")::pg_catalog."date") IS NOT NULL THEN jsonb_build_array((s."code")::pg_catalog."text", (s."day")::pg_catalog."date")::text END) COLLATE "C" > '["a", "2023-01-01"]' COLLATE "C" OFFSET 0) AS q) TO STDOUT (FORMAT binary);

-- sourceSums
SELECT width_bucket(q.k, ARRAY['["b", "2023-01-01"]' COLLATE "C"]) - (q.k = ANY (ARRAY['["b", "2023-01-01"]' COLLATE "C"]))::int AS bucket, count(*) AS rows, sum(hashint8extended(0, coalesce(hashtextextended((q.k) COLLATE "C", 1), -1) # coalesce(hashtextextended((q.c0)::text COLLATE "C", 2), -2) # coalesce(hashdateextended((q.c1), 3), -3) # coalesce(hash_numeric_extended((q.c2), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (q.c2) < 0 THEN -1 - scale((q.c2)) ELSE scale((q.c2)) END, hashtext((q.c2)::text)), 5), -5))) AS hashes FROM (SELECT (CASE WHEN ((s."code")::pg_catalog."text") IS NOT NULL AND ((s."day")::pg_catalog."date") IS NOT NULL THEN jsonb_build_array((s."code")::pg_catalog."text", (s."day")::pg_catalog."date")::text END) COLLATE "C" AS k, (s."code")::pg_catalog."text" AS c0, (s."day")::pg_catalog."date" AS c1, (s."amount")::pg_catalog."numeric" AS c2 FROM "public"."rate" AS s WHERE (CASE WHEN ((s."code")::pg_catalog."text") IS NOT NULL AND ((s."day")::pg_catalog."date") IS NOT NULL THEN jsonb_build_array((s."code")::pg_catalog."text", (s."day")::pg_catalog."date")::text END) COLLATE "C" > '["a", "2023-01-01"]' COLLATE "C") AS q GROUP BY 1;

-- mappedSums
SELECT width_bucket(m.k, ARRAY['["b", "2023-01-01"]' COLLATE "C"]) - (m.k = ANY (ARRAY['["b", "2023-01-01"]' COLLATE "C"]))::int AS bucket, count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased,
     sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes, count(m.now) AS target_rows, sum(m.now) AS target_now
   FROM (SELECT m.legacy_key AS k, m.source_hash, m.target_hash, CASE WHEN t."code" IS NOT NULL THEN hashint8extended(0, coalesce(hashtextextended((t."code") COLLATE "C", 1), -1) # coalesce(hashdateextended((t."day"), 2), -2) # coalesce(hash_numeric_extended((t."amount"), 3), -3) # coalesce(hashint4extended(((t."amount") < 0)::int4, 4), -4)) END AS now FROM portage.uuid_mappings_3 m LEFT JOIN "public"."rates" t ON t."code" = ((m.target_key::jsonb)->>0)::pg_catalog."text" COLLATE pg_catalog."default" AND t."day" = ((m.target_key::jsonb)->>1)::pg_catalog."date"
     WHERE m.closed_by IS NULL AND m.legacy_key > '["a", "2023-01-01"]' COLLATE "C" OFFSET 0) m GROUP BY 1;

-- gather
INSERT INTO pg_temp.work_3 (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key, code, missing)
    SELECT g.k, CASE WHEN m.k IS NULL THEN CASE WHEN x.missing && ARRAY[]::text[] THEN 'park' ELSE 'insert' END
         WHEN m.closed THEN 'reappeared' WHEN x.missing && ARRAY[]::text[] AND g.h IS DISTINCT FROM m.source_hash THEN 'park' ELSE 'judge' END,
       m.k IS NOT NULL, true, m.k IS NULL OR m.closed OR g.h IS DISTINCT FROM m.source_hash,
       CASE WHEN m.k IS NULL OR NOT (m.closed OR g.h IS NOT DISTINCT FROM m.source_hash) THEN NULL WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'changed' ELSE 'same' END,
       m.source_hash IS NOT NULL AND m.target_hash IS NOT NULL, NULL::uuid, coalesce(m.target_key, jsonb_build_array(g.c0::text, g.c1::date)::text COLLATE "C"), CASE WHEN x.missing IS NOT NULL THEN 'M003' END, x.missing
    FROM pg_temp.stage_3 g LEFT JOIN LATERAL (SELECT m.legacy_key AS k, m.closed_by IS NOT NULL AS closed, m.source_hash, m.target_hash, m.target_uuid, m.target_key FROM portage.uuid_mappings_3 m WHERE m.legacy_key = g.k OFFSET 0) m ON true
      LEFT JOIN LATERAL (SELECT hashint8extended(0, coalesce(hashtextextended((t."code") COLLATE "C", 1), -1) # coalesce(hashdateextended((t."day"), 2), -2) # coalesce(hash_numeric_extended((t."amount"), 3), -3) # coalesce(hashint4extended(((t."amount") < 0)::int4, 4), -4)) AS h FROM "public"."rates" t WHERE t."code" = ((m.target_key::jsonb)->>0)::pg_catalog."text" COLLATE pg_catalog."default" AND t."day" = ((m.target_key::jsonb)->>1)::pg_catalog."date" AND (m.closed OR g.h IS NOT DISTINCT FROM m.source_hash) OFFSET 0) t ON m.k IS NOT NULL
    CROSS JOIN LATERAL (SELECT m.target_uuid AS target_uuid OFFSET 0) w
    CROSS JOIN LATERAL (SELECT NULL::text[] AS missing OFFSET 0) x
    WHERE g.k > '["a", "2023-01-01"]' COLLATE "C" AND (m.k IS NULL OR m.closed OR g.h IS DISTINCT FROM m.source_hash OR t.h IS DISTINCT FROM m.target_hash);

-- findByIdentity
UPDATE pg_temp.work_3 u SET action = CASE WHEN f.rows > 1 OR f.mapped THEN 'set_aside' ELSE 'adopt' END,
             code = CASE WHEN f.rows > 1 OR f.mapped THEN 'M004' END, target_key = CASE WHEN f.rows > 1 OR f.mapped THEN u.target_key ELSE f.key END
           FROM (SELECT w.ctid AS place, count(*) AS rows, bool_or(EXISTS (SELECT FROM portage.uuid_mappings_3 m WHERE m.target_key = f.key AND m.closed_by IS NULL)) AS mapped, (array_agg(f.key))[1] AS key FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k CROSS JOIN LATERAL (SELECT jsonb_build_array(t."code", t."day")::text COLLATE "C" AS key FROM "public"."rates" t WHERE t."code" = g.c0::text AND t."day" = g.c1::date OFFSET 0) f WHERE w.action = 'insert' GROUP BY w.ctid) f
           WHERE u.ctid = f.place;
UPDATE pg_temp.work_3 w SET action = 'set_aside', code = 'M004' WHERE w.action = 'insert' AND EXISTS (SELECT FROM "public"."rates" t WHERE t."code" = ((w.target_key::jsonb)->>0)::pg_catalog."text" COLLATE pg_catalog."default" AND t."day" = ((w.target_key::jsonb)->>1)::pg_catalog."date");

-- mapInserts
WITH map AS (INSERT INTO portage.uuid_mappings_3 AS m (legacy_key, source_hash, target_hash, target_key, entity_id, operation_no, origin, source_columns)
         SELECT w.k, g.h, hashint8extended(0, coalesce(hashtextextended((g.c0::text) COLLATE "C", 1), -1) # coalesce(hashdateextended((g.c1::date), 2), -2) # coalesce(hash_numeric_extended((g.c2::numeric(8,2)), 3), -3) # coalesce(hashint4extended(((g.c2::numeric(8,2)) < 0)::int4, 4), -4)), w.target_key, 3, 7, 'i', int8send((coalesce(hashtext((g.c0::text)::text), 0))::int8 << 32 | ((coalesce(hashtext((g.c1::date)::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((g.c2::numeric(8,2))::text), 0)) FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k WHERE w.action IN ('insert') RETURNING m.legacy_key AS k, m.target_key AS key, m.target_hash AS h
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, legacy_keys, target_keys, hashes)
      SELECT 42, 3, 7, array_agg(k), array_agg(key), array_agg(h) FROM map HAVING count(*) > 0
      ON CONFLICT (batch_no, entity_id, mapped) DO UPDATE SET legacy_keys = undo_inserts.legacy_keys || excluded.legacy_keys, target_keys = undo_inserts.target_keys || excluded.target_keys, hashes = undo_inserts.hashes || excluded.hashes
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map;

-- insertRows
WITH written AS (
      INSERT INTO "public"."rates" AS t ("code", "day", "amount") 
      SELECT g.c0::text, g.c1::date, g.c2::numeric(8,2) FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k WHERE w.action IN ('insert') ORDER BY w.target_key
      RETURNING hashint8extended(0, coalesce(hashtextextended((t."code") COLLATE "C", 1), -1) # coalesce(hashdateextended((t."day"), 2), -2) # coalesce(hash_numeric_extended((t."amount"), 3), -3) # coalesce(hashint4extended(((t."amount") < 0)::int4, 4), -4)) AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written;

-- keepBefore
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, waiting)
    SELECT 42, 3, 7, 'update', w.k, coalesce(jsonb_build_array(g.c0::text, g.c1::date)::text COLLATE "C", w.target_key)::text, b.before,
      hashint8extended(0, coalesce(hashtextextended((g.c0::text) COLLATE "C", 1), -1) # coalesce(hashdateextended((g.c1::date), 2), -2) # coalesce(hash_numeric_extended((g.c2::numeric(8,2)), 3), -3) # coalesce(hashint4extended(((g.c2::numeric(8,2)) < 0)::int4, 4), -4)), m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, CASE WHEN jsonb_build_array(g.c0::text, g.c1::date)::text COLLATE "C" <> w.target_key THEN w.target_key::text END, NULL::jsonb
    FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, m.target_key FROM portage.uuid_mappings_3 m WHERE m.legacy_key = w.k) m
    CROSS JOIN LATERAL (SELECT jsonb_object(ARRAY['code', 'day', 'amount'], ARRAY[(t."code")::text, (t."day")::text, (t."amount")::text]) AS before FROM "public"."rates" t WHERE t."code" = ((w.target_key::jsonb)->>0)::pg_catalog."text" COLLATE pg_catalog."default" AND t."day" = ((w.target_key::jsonb)->>1)::pg_catalog."date") b WHERE w.action = 'update';

-- updateRows
WITH written AS (
      UPDATE "public"."rates" AS t SET "code" = g.c0::text, "day" = g.c1::date, "amount" = g.c2::numeric(8,2)
      FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k WHERE w.action IN ('update') AND t."code" = ((w.target_key::jsonb)->>0)::pg_catalog."text" COLLATE pg_catalog."default" AND t."day" = ((w.target_key::jsonb)->>1)::pg_catalog."date"
      RETURNING hashint8extended(0, coalesce(hashtextextended((t."code") COLLATE "C", 1), -1) # coalesce(hashdateextended((t."day"), 2), -2) # coalesce(hash_numeric_extended((t."amount"), 3), -3) # coalesce(hashint4extended(((t."amount") < 0)::int4, 4), -4)) AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written;

-- mapUpdates
WITH map AS (
      UPDATE portage.uuid_mappings_3 AS m SET source_hash = g.h, target_hash = hashint8extended(0, coalesce(hashtextextended((g.c0::text) COLLATE "C", 1), -1) # coalesce(hashdateextended((g.c1::date), 2), -2) # coalesce(hash_numeric_extended((g.c2::numeric(8,2)), 3), -3) # coalesce(hashint4extended(((g.c2::numeric(8,2)) < 0)::int4, 4), -4)), source_columns = int8send((coalesce(hashtext((g.c0::text)::text), 0))::int8 << 32 | ((coalesce(hashtext((g.c1::date)::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((g.c2::numeric(8,2))::text), 0)), target_columns = NULL, closed_by = NULL,
        target_key = coalesce(jsonb_build_array(g.c0::text, g.c1::date)::text COLLATE "C", w.target_key)
      FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k WHERE w.action IN ('update') AND m.legacy_key = w.k RETURNING m.target_hash AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map;

-- moveKeys
UPDATE pg_temp.work_3 u SET target_key = x.key FROM (SELECT w.ctid AS place, jsonb_build_array(g.c0::text, g.c1::date)::text COLLATE "C" AS key FROM pg_temp.work_3 w JOIN pg_temp.stage_3 g ON g.k = w.k WHERE w.action IN ('update')) x WHERE u.ctid = x.place;
