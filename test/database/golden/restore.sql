-- createRestoreScratch
CREATE TEMP TABLE IF NOT EXISTS stage_2 (n bigint NOT NULL, k bigint NOT NULL, target_key text COLLATE "C", origin "char", closed text, h bigint, th bigint,
     sc bytea, tc bytea, waiting text, c0 text, c1 text, c2 text, c3 text, c4 text, c5 text, c6 text, c7 text, c8 text, c9 text, c10 text, c11 text);
   CREATE INDEX IF NOT EXISTS stage_2_k ON pg_temp.stage_2 (k);
   CREATE TEMP TABLE IF NOT EXISTS work_2 (k bigint NOT NULL, action text NOT NULL, known boolean NOT NULL, in_source boolean NOT NULL,
      source_changed boolean, target_state text, based boolean, equal boolean, target_uuid uuid, target_key text COLLATE "C", code text, missing text[], decided text, chosen text, rule text, kept text[], despite bigint, taken text, taken_columns text) ON COMMIT DELETE ROWS;
   CREATE INDEX IF NOT EXISTS work_2_k ON pg_temp.work_2 (k);

-- copyInRestored
COPY pg_temp.stage_2 (n, k, target_key, origin, closed, h, th, sc, tc, waiting, c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11) FROM STDIN;

-- gatherRestored
INSERT INTO pg_temp.work_2 (k, action, known, in_source, source_changed, based, target_uuid)
    SELECT g.k, CASE
      WHEN NOT (g.target_key IS NULL) THEN CASE WHEN m.k IS NULL THEN 'map' ELSE 'none' END
      WHEN o.there THEN 'occupied'
      WHEN NOT o.there AND n.there AND EXISTS (SELECT FROM portage.uuid_mappings_2 x WHERE x.target_uuid = f.target_uuid AND x.closed_by IS NULL AND x.legacy_id <> g.k) THEN 'occupied'
      WHEN m.k IS NULL THEN CASE WHEN n.there THEN 'adopt' ELSE 'insert' END WHEN e.looked AND e.equal IS NULL AND s.same THEN 'return' ELSE 'judge' END,
      m.k IS NOT NULL, g.target_key IS NULL, false, true, CASE WHEN o.there THEN m.target_uuid ELSE f.target_uuid END
    FROM pg_temp.stage_2 g
    LEFT JOIN LATERAL (SELECT m.legacy_id AS k, m.target_uuid, m.origin, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by FROM portage.uuid_mappings_2 m WHERE m.legacy_id = g.k) m ON true
    CROSS JOIN LATERAL (SELECT g.k, CASE WHEN g.target_key IS NULL THEN (g.c0::uuid) ELSE g.target_key::uuid END AS target_uuid, NULL::text[] AS missing OFFSET 0) f
    CROSS JOIN LATERAL (SELECT CASE WHEN m.k IS NOT NULL AND m.target_uuid IS DISTINCT FROM f.target_uuid THEN EXISTS (SELECT FROM "public"."doctors" t WHERE t."id" = m.target_uuid) ELSE false END AS there OFFSET 0) o
    CROSS JOIN LATERAL (SELECT CASE WHEN m.k IS NULL OR m.k IS NOT NULL AND m.target_uuid IS DISTINCT FROM f.target_uuid THEN EXISTS (SELECT FROM "public"."doctors" t WHERE t."id" = f.target_uuid) ELSE false END AS there OFFSET 0) n
    CROSS JOIN LATERAL (SELECT f.* OFFSET 0) w
    CROSS JOIN LATERAL (SELECT g.target_key IS NULL AND m.k IS NOT NULL AND m.target_uuid = f.target_uuid AS looked, CASE WHEN g.target_key IS NULL AND m.k IS NOT NULL AND m.target_uuid = f.target_uuid THEN (SELECT (g.c1::integer) IS NOT DISTINCT FROM (t."legacy_id") AND (g.c2::pg_catalog."varchar") COLLATE "C" IS NOT DISTINCT FROM (t."name") COLLATE "C" AND (g.c3::numeric)::text COLLATE "C" IS NOT DISTINCT FROM (t."fee")::text COLLATE "C" AND (g.c4::uuid) IS NOT DISTINCT FROM (t."office_id") AND ((CASE WHEN coalesce('boss_id' = ANY (w.missing), false) THEN NULL ELSE g.c5::uuid END)) IS NOT DISTINCT FROM (t."boss_id") AND (g.c6::text) COLLATE "C" IS NOT DISTINCT FROM (t."email") COLLATE "C" AND (g.c7::pg_catalog."bpchar")::text COLLATE "C" IS NOT DISTINCT FROM (t."code")::text COLLATE "C" AND (g.c8::text) COLLATE "C" IS NOT DISTINCT FROM (t."note") COLLATE "C" AND (g.c9::text) COLLATE "C" IS NOT DISTINCT FROM (t."origin") COLLATE "C" AND (g.c10::timestamp with time zone) IS NOT DISTINCT FROM (t."created_at") FROM "public"."doctors" t WHERE t."id" = w.target_uuid) END AS equal OFFSET 0) e
    CROSS JOIN LATERAL (SELECT CASE WHEN e.looked AND coalesce(e.equal, true) THEN (m.target_uuid, m.origin, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by IS NOT NULL) IS NOT DISTINCT FROM (w.target_uuid, g.origin, g.h, g.th, g.sc, g.tc, g.closed IS NOT NULL)
     AND (g.waiting IS NULL AND NOT EXISTS (SELECT FROM portage.pending_references WHERE entity_id = 2) OR (SELECT json_object_agg(p.column_name, p.parent_key ORDER BY p.column_name)::text FROM portage.pending_references p WHERE p.entity_id = 2 AND p.legacy_key = w.k::text) IS NOT DISTINCT FROM g.waiting) END AS same OFFSET 0) s
    WHERE g.n > 10 AND g.n <= 20 AND (e.equal AND s.same) IS NOT TRUE;

-- occupiedByIdentity
UPDATE pg_temp.work_2 u SET action = 'occupied' FROM (SELECT DISTINCT w.ctid AS place FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert', 'again', 'return') AND EXISTS (SELECT FROM "public"."doctors" t WHERE t."legacy_id" = g.c1::integer AND NOT EXISTS (SELECT FROM portage.uuid_mappings_2 x WHERE x.target_uuid = (t."id")))) x WHERE u.ctid = x.place;

-- judgeRestored
UPDATE pg_temp.work_2 u SET equal = n.equal, action = n.action
    FROM (SELECT w.ctid AS place, n.equal, CASE
        WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' WHEN n.equal IS NULL THEN 'insert' ELSE 'adopt_update' END
        WHEN NOT n.equal THEN 'update' WHEN (SELECT (m.target_uuid, m.origin, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by IS NOT NULL) IS NOT DISTINCT FROM (w.target_uuid, g.origin, g.h, g.th, g.sc, g.tc, g.closed IS NOT NULL)
     AND (g.waiting IS NULL AND NOT EXISTS (SELECT FROM portage.pending_references WHERE entity_id = 2) OR (SELECT json_object_agg(p.column_name, p.parent_key ORDER BY p.column_name)::text FROM portage.pending_references p WHERE p.entity_id = 2 AND p.legacy_key = w.k::text) IS NOT DISTINCT FROM g.waiting) FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) THEN CASE WHEN n.equal THEN 'none' ELSE 'return' END WHEN n.equal THEN 'rebase' ELSE 'again' END AS action
      FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.equal FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT (g.c1::integer) IS NOT DISTINCT FROM (t."legacy_id") AND (g.c2::pg_catalog."varchar") COLLATE "C" IS NOT DISTINCT FROM (t."name") COLLATE "C" AND (g.c3::numeric)::text COLLATE "C" IS NOT DISTINCT FROM (t."fee")::text COLLATE "C" AND (g.c4::uuid) IS NOT DISTINCT FROM (t."office_id") AND ((CASE WHEN coalesce('boss_id' = ANY (w.missing), false) THEN NULL ELSE g.c5::uuid END)) IS NOT DISTINCT FROM (t."boss_id") AND (g.c6::text) COLLATE "C" IS NOT DISTINCT FROM (t."email") COLLATE "C" AND (g.c7::pg_catalog."bpchar")::text COLLATE "C" IS NOT DISTINCT FROM (t."code")::text COLLATE "C" AND (g.c8::text) COLLATE "C" IS NOT DISTINCT FROM (t."note") COLLATE "C" AND (g.c9::text) COLLATE "C" IS NOT DISTINCT FROM (t."origin") COLLATE "C" AND (g.c10::timestamp with time zone) IS NOT DISTINCT FROM (t."created_at") AS equal FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.ctid = n.place;

-- lockDiffering
UPDATE pg_temp.work_2 SET action = CASE WHEN known THEN 'judge' ELSE 'adopt' END WHERE in_source AND action IN ('update', 'rebase', 'adopt', 'adopt_update');
SELECT count(*) AS locked FROM (SELECT w.* FROM pg_temp.work_2 w WHERE w.action IN ('judge', 'adopt') ORDER BY w.target_uuid) w
   CROSS JOIN LATERAL (SELECT 1 FROM "public"."doctors" t WHERE t."id" = w.target_uuid FOR UPDATE) l;

-- demote
UPDATE pg_temp.work_2 w SET action = CASE WHEN w.action IN ('insert', 'again', 'return') THEN w.action ELSE 'park' END, missing = array_append(coalesce(w.missing, '{}'), 'boss_id')
    FROM pg_temp.stage_2 g WHERE g.k = w.k AND w.action IN ('insert', 'again', 'return', 'update', 'adopt_update') AND NOT coalesce('boss_id' = ANY (w.missing), false) AND g.c5::uuid IS NOT NULL
      AND NOT EXISTS (SELECT FROM "public"."doctors" p WHERE p."id" OPERATOR(pg_catalog.=) g.c5::uuid);
UPDATE pg_temp.work_2 w SET action = 'park', missing = array_append(coalesce(w.missing, '{}'), 'office_id')
    FROM pg_temp.stage_2 g WHERE g.k = w.k AND w.action IN ('insert', 'again', 'return', 'update', 'adopt_update') AND NOT coalesce('' = ANY (w.missing), false) AND g.c4::uuid IS NOT NULL
      AND NOT EXISTS (SELECT FROM "public"."offices" p WHERE p."id" OPERATOR(pg_catalog.=) g.c4::uuid);

-- keepReturning
WITH back AS (
      SELECT w.k, w.target_uuid AS key, hashint8extended(0, coalesce(uuid_hash_extended(w.target_uuid, 1), -1) # coalesce(hashint4extended((g.c1::integer), 2), -2) # coalesce(hashtextextended((g.c2::pg_catalog."varchar") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((g.c3::numeric), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (g.c3::numeric) < 0 THEN -1 - scale((g.c3::numeric)) ELSE scale((g.c3::numeric)) END, hashtext((g.c3::numeric)::text)), 5), -5) # coalesce(uuid_hash_extended((g.c4::uuid), 6), -6) # coalesce(uuid_hash_extended(((CASE WHEN coalesce('boss_id' = ANY (w.missing), false) THEN NULL ELSE g.c5::uuid END)), 7), -7) # coalesce(hashtextextended((g.c6::text) COLLATE "C", 8), -8) # coalesce(hashtextextended((g.c7::pg_catalog."bpchar")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((g.c8::text) COLLATE "C", 10), -10) # coalesce(hashtextextended((g.c9::text) COLLATE "C", 11), -11)) AS h FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action = 'return'
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, mapped, legacy_ids, target_uuids, hashes)
      SELECT 42, 2, 8, true, array_agg(k), array_agg(key), array_agg(h) FROM back HAVING count(*) > 0
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM back;

-- takeReturning
UPDATE portage.undo_inserts u SET legacy_ids = x.k, target_uuids = x.key, hashes = x.h
   FROM (SELECT array_agg(w.k) AS k, array_agg(w.target_uuid) AS key, array_agg(r.h) AS h FROM pg_temp.work_2 w
     CROSS JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h FROM "public"."doctors" t WHERE t."id" = w.target_uuid OFFSET 0) r WHERE w.action = 'return') x
   WHERE u.batch_no = 42 AND u.entity_id = 2 AND u.mapped;

-- mapAlone
WITH map AS (
      INSERT INTO portage.uuid_mappings_2 AS m (legacy_id, source_hash, target_hash, target_uuid, entity_id, operation_no, closed_by, origin, source_columns, target_columns)
      SELECT w.k, g.h, g.th, w.target_uuid, 2, 8, CASE WHEN g.closed IS NOT NULL THEN 8 END, g.origin, g.sc, g.tc
      FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action = 'map' RETURNING m.legacy_id AS k, m.target_uuid AS key
    )
    INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key)
    SELECT 42, 2, 8, 'adopt', k::text, key::text FROM map;

-- restoreMappings
UPDATE portage.uuid_mappings_2 AS m SET source_hash = g.h, target_hash = g.th, source_columns = g.sc, target_columns = g.tc, origin = g.origin, target_uuid = w.target_uuid,
       closed_by = CASE WHEN g.closed IS NOT NULL THEN coalesce(m.closed_by, 8) END
     FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert', 'again', 'update', 'adopt', 'rebase') AND m.legacy_id = w.k AND (m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.origin, m.closed_by IS NOT NULL, m.target_uuid) IS DISTINCT FROM (g.h, g.th, g.sc, g.tc, g.origin, g.closed IS NOT NULL, w.target_uuid);
UPDATE portage.undo_log u SET hash_after = CASE u.action WHEN 'update' THEN u.hash_after ELSE g.th END, base_after = CASE u.action WHEN 'update' THEN g.th END
     FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert', 'again', 'update', 'adopt', 'rebase') AND u.batch_no = 42 AND u.operation_no = 8 AND u.entity_id = 2 AND u.legacy_key = w.k::text
       AND u.action IN ('update', 'remap', 'adopt') AND u.hash_after IS NOT NULL AND u.hash_after IS DISTINCT FROM g.th;
DELETE FROM portage.pending_references p USING pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert', 'again', 'update', 'adopt', 'rebase') AND p.entity_id = 2 AND p.legacy_key = w.k::text AND coalesce((g.waiting::json)->>p.column_name <> p.parent_key, true);
INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
     SELECT 2, x.key, w.k::text, x.value, 8 FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k CROSS JOIN LATERAL json_each_text(g.waiting::json) x WHERE w.action IN ('insert', 'again', 'update', 'adopt', 'rebase') AND g.waiting IS NOT NULL
     ON CONFLICT (entity_id, column_name, legacy_key) DO NOTHING;

-- keepWaiting
INSERT INTO portage.waiting_restores (operation_no, entity_id, legacy_key, written, reason)
   SELECT 8, 2, w.k::text, w.action <> 'park', 'the row that ' || array_to_string(w.missing, ', ') || ' refers to is not there' FROM pg_temp.work_2 w WHERE w.missing IS NOT NULL
   ON CONFLICT (operation_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason;

-- keepUnsettled
WITH gone AS (DELETE FROM portage.waiting_restores WHERE operation_no = 8 AND entity_id = 2 RETURNING legacy_key, written, reason), kept AS (
   INSERT INTO portage.kept_rows (rollback_no, entity_id, legacy_key, target_key, operation_no, reason, detail) SELECT 8, 2, g.legacy_key, NULL, 8, 'refused', CASE WHEN g.written THEN 'came back without it: ' ELSE '' END || g.reason FROM gone g ON CONFLICT (rollback_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, detail = excluded.detail)
   SELECT count(*) FILTER (WHERE NOT written) AS out, count(*) FILTER (WHERE written) AS without FROM gone;

-- keepOccupied
INSERT INTO portage.kept_rows (rollback_no, entity_id, legacy_key, target_key, operation_no, reason, detail) SELECT 8, 2, w.k::text, w.target_uuid::text, 8, 'occupied', 'another row stands for this key now, or in its place'
   FROM pg_temp.work_2 w WHERE w.action = 'occupied' ON CONFLICT (rollback_no, entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, detail = excluded.detail;
