-- targetTotals
SELECT count(*) AS rows, sum((CASE WHEN t."gone_at" IS NULL THEN hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashtextextended((t."code") COLLATE "C", 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3)) END)) AS hashes FROM "public"."drugs" t WHERE t."code" IS NOT NULL AND t."gone_at" IS NULL;

-- judge
UPDATE pg_temp.work_4 u SET equal = n.equal, target_state = CASE WHEN n.h IS NULL THEN 'absent' WHEN n.h IS DISTINCT FROM n.base THEN 'changed' ELSE 'same' END, action = n.action
    FROM (SELECT w.ctid AS place, n.h, n.base, n.equal, CASE
      WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' ELSE 'adopt_update' END
      WHEN n.h IS NULL AND n.there THEN 'update' WHEN n.h IS NULL THEN 'again'
      WHEN n.equal THEN CASE WHEN w.based AND NOT w.source_changed AND n.h = n.base THEN 'none' ELSE 'rebase' END
      ELSE 'update' END AS action FROM pg_temp.work_4 w JOIN pg_temp.stage_4 g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.h, t.equal, coalesce(t.there, false) AS there, (SELECT m.target_hash FROM portage.uuid_mappings_4 m WHERE m.legacy_key = w.k) AS base FROM (SELECT 1) one LEFT JOIN LATERAL
        (SELECT (CASE WHEN t."gone_at" IS NULL THEN hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashtextextended((t."code") COLLATE "C", 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3)) END) AS h, true AS there, (g.c0::text) COLLATE "C" IS NOT DISTINCT FROM (t."code") COLLATE "C" AND (g.c1::text) COLLATE "C" IS NOT DISTINCT FROM (t."name") COLLATE "C" AND t."gone_at" IS NULL AS equal FROM "public"."drugs" t WHERE t."id" = w.target_uuid) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.ctid = n.place;

-- updateRows
WITH written AS (
      UPDATE "public"."drugs" AS t SET "code" = g.c0::text, "name" = g.c1::text, "gone_at" = NULL
      FROM pg_temp.work_4 w JOIN pg_temp.stage_4 g ON g.k = w.k WHERE w.action IN ('update') AND t."id" = w.target_uuid
      RETURNING (CASE WHEN t."gone_at" IS NULL THEN hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashtextextended((t."code") COLLATE "C", 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3)) END) AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written;

-- keepUnmarked
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, waiting, source_hash, target_hash, source_columns, target_columns)
   SELECT 42, 4, 7, 'update', w.k::text, w.target_uuid::text, jsonb_build_object('gone_at', NULL),
     jsonb_build_object('gone_at', (SELECT o.started_at::timestamp without time zone FROM portage.operations o WHERE o.operation_no = 7)::text), NULL, NULL::jsonb, m.source_hash, m.target_hash, m.source_columns, m.target_columns
   FROM pg_temp.work_4 w CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_4 m WHERE m.legacy_key = w.k OFFSET 0) m
   WHERE w.action = 'mark';

-- markRows
WITH marked AS (
      UPDATE "public"."drugs" AS t SET "gone_at" = (SELECT o.started_at::timestamp without time zone FROM portage.operations o WHERE o.operation_no = 7) FROM pg_temp.work_4 w WHERE w.action = 'mark' AND t."id" = w.target_uuid RETURNING 1
    ) SELECT count(*) AS rows FROM marked;

-- reviveMarked
SELECT count(*) AS locked FROM (SELECT w.* FROM pg_temp.work_4 w WHERE w.action = 'reappeared' ORDER BY w.target_uuid) w
     CROSS JOIN LATERAL (SELECT 1 FROM "public"."drugs" t WHERE t."id" = w.target_uuid FOR UPDATE) l;
UPDATE pg_temp.work_4 u SET action = 'update', target_state = 'same' FROM (SELECT w.ctid AS place FROM pg_temp.work_4 w
     CROSS JOIN LATERAL (SELECT m.target_hash, (SELECT o.started_at::timestamp without time zone FROM portage.operations o WHERE o.operation_no = m.closed_by) AS mark FROM portage.uuid_mappings_4 m WHERE m.legacy_key = w.k OFFSET 0) m
     CROSS JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashtextextended((t."code") COLLATE "C", 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3)) AS h, t."gone_at" AS mark FROM "public"."drugs" t WHERE t."id" = w.target_uuid) t
     WHERE w.action = 'reappeared' AND w.missing IS NULL AND NOT EXISTS (SELECT FROM portage.uuid_mappings_4 m JOIN portage.uuid_mappings_4 o ON o.target_uuid = m.target_uuid AND o.closed_by IS NULL WHERE m.legacy_key = w.k AND m.closed_by IS NOT NULL AND o.legacy_key <> w.k) AND t.h = m.target_hash AND (t.mark IS NULL OR t.mark = m.mark)) x
   WHERE u.ctid = x.place;
