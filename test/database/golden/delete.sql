-- markLeaving
UPDATE pg_temp.work_2 SET action = 'leave' WHERE action = 'deleted';

-- listLeaving
INSERT INTO portage.vanished_rows (entity_id, legacy_key, operation_no, despite)
   SELECT 2, w.k::text, 7, w.despite FROM pg_temp.work_2 w WHERE w.action = 'leave'
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET operation_no = excluded.operation_no, despite = excluded.despite;

-- nextLeaving
INSERT INTO pg_temp.leaving_2 (k) SELECT v.legacy_key::bigint FROM portage.vanished_rows v WHERE v.entity_id = 2 AND v.operation_no = 7 ORDER BY v.legacy_key LIMIT 5000;

-- presentInSource
SELECT v.k::text AS k FROM unnest($1::bigint[]) AS v (k)
   WHERE EXISTS (SELECT FROM "public"."nurse" AS s WHERE s."nurse_no" = v.k);

-- pullReferring
INSERT INTO pg_temp.leaving_2 (k)
   SELECT DISTINCT m.k FROM pg_temp.leaving_2 l
   CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key FROM portage.uuid_mappings_2 m WHERE m.legacy_id = l.k AND m.closed_by IS NULL OFFSET 0) pm
   CROSS JOIN LATERAL (SELECT t."id" AS r0 FROM "public"."nurses" t WHERE t."id" = pm.target_uuid OFFSET 0) r
   CROSS JOIN LATERAL (SELECT (t."id") AS key FROM "public"."nurses" t WHERE r.r0 OPERATOR(pg_catalog.=) t."head_id" OFFSET 0) c
   CROSS JOIN LATERAL (SELECT m.legacy_id AS k FROM portage.uuid_mappings_2 m WHERE m.target_uuid = c.key AND m.closed_by IS NULL OFFSET 0) m
   WHERE EXISTS (SELECT FROM portage.vanished_rows v WHERE v.entity_id = 2 AND v.operation_no = 7 AND v.legacy_key = m.k::text) AND NOT EXISTS (SELECT FROM pg_temp.leaving_2 x WHERE x.k = m.k) LIMIT 5000;

-- takeLeaving
WITH taken AS (
      DELETE FROM portage.vanished_rows v WHERE v.entity_id = 2 AND v.legacy_key = ANY (ARRAY(SELECT l.k::text FROM pg_temp.leaving_2 l)) RETURNING v.legacy_key, v.despite
    )
    INSERT INTO pg_temp.work_2 (k, action, known, in_source, source_changed, based, target_uuid, target_key, despite)
    SELECT m.k, 'delete', true, false, true, true, m.target_uuid, m.target_key, taken.despite
    FROM taken CROSS JOIN LATERAL (SELECT m.legacy_id AS k, m.target_uuid, m.target_key FROM portage.uuid_mappings_2 m
      WHERE m.legacy_id = taken.legacy_key::bigint AND m.closed_by IS NULL OFFSET 0) m;

-- lockLeaving
SELECT count(*) AS locked FROM (SELECT w.* FROM pg_temp.work_2 w ORDER BY w.target_uuid) w
   CROSS JOIN LATERAL (SELECT 1 FROM "public"."nurses" t WHERE t."id" = w.target_uuid FOR UPDATE) l;

-- judgeLeaving
UPDATE pg_temp.work_2 u SET target_state = x.state, action = CASE x.state WHEN 'absent' THEN 'close' WHEN 'changed' THEN 'conflict' ELSE u.action END
   FROM (SELECT w.ctid AS place, CASE WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash AND t.h IS DISTINCT FROM w.despite THEN 'changed' ELSE 'same' END AS state
     FROM pg_temp.work_2 w CROSS JOIN LATERAL (SELECT m.target_hash FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m
     LEFT JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(uuid_hash_extended((t."ward_id"), 4), -4) # coalesce(uuid_hash_extended((t."head_id"), 5), -5)) AS h FROM "public"."nurses" t WHERE t."id" = w.target_uuid OFFSET 0) t ON true) x
   WHERE u.ctid = x.place;

-- demoteReferred
UPDATE pg_temp.work_2 u SET action = 'referenced', code = concat_ws('; ', u.code, x.who)
   FROM (SELECT w.ctid AS place, 'public.nurses' || coalesce(' ' || r.keys, '') || ' (nurses_head_id_fkey)' AS who FROM pg_temp.work_2 w
     CROSS JOIN LATERAL (SELECT t."id" AS r0 FROM "public"."nurses" t WHERE t."id" = w.target_uuid) p
     CROSS JOIN LATERAL (SELECT string_agg(c.key, ', ') AS keys FROM (SELECT t."id"::text AS key FROM "public"."nurses" t
       WHERE p.r0 OPERATOR(pg_catalog.=) t."head_id" AND NOT EXISTS (SELECT FROM pg_temp.work_2 x WHERE x.action = 'delete' AND x.target_uuid = (t."id")) LIMIT 3) c HAVING count(*) > 0) r
     WHERE w.action IN ('delete', 'referenced')) x
   WHERE u.ctid = x.place;

-- keepDeleted
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns, waiting)
   SELECT 42, 2, 7, 'delete', w.k::text, w.target_uuid::text, b.before, NULL, m.source_hash, m.target_hash, m.source_columns, m.target_columns, CASE WHEN EXISTS (SELECT FROM portage.pending_references x WHERE x.entity_id = 2)
      THEN (SELECT jsonb_object_agg(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name IN ('ward_id', 'head_id') AND p.legacy_key = w.k::text) END
   FROM pg_temp.work_2 w
   CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m
   CROSS JOIN LATERAL (SELECT jsonb_object(ARRAY['id', 'legacy_id', 'name', 'ward_id', 'head_id', 'phone'], ARRAY[(t."id")::text, (t."legacy_id")::text, (t."name")::text, (t."ward_id")::text, (t."head_id")::text, (t."phone")::text]) AS before FROM "public"."nurses" t WHERE t."id" = w.target_uuid) b WHERE w.action = 'delete';

-- deleteRows
WITH d0 AS (DELETE FROM "public"."nurses" AS t USING pg_temp.work_2 w WHERE w.action = 'delete' AND t."id" = w.target_uuid RETURNING 1), d1 AS (DELETE FROM "public"."wards" AS t USING pg_temp.work_1 w WHERE w.action = 'delete' AND t."id" = w.target_uuid RETURNING 1) SELECT (SELECT count(*) FROM d0) + (SELECT count(*) FROM d1) AS rows;

-- closeLeft
UPDATE portage.uuid_mappings_2 AS m SET closed_by = 7 FROM pg_temp.work_2 w WHERE w.action IN ('delete', 'mark', 'close') AND m.legacy_id = w.k;

-- dropWaiting
DELETE FROM portage.pending_references WHERE entity_id = 2 AND column_name = 'ward_id' AND legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('delete', 'mark', 'close')));
DELETE FROM portage.pending_references WHERE entity_id = 2 AND column_name = 'head_id' AND legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('delete', 'mark', 'close')));
DELETE FROM portage.parked_rows WHERE entity_id = 2 AND legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('delete', 'mark', 'close')));
