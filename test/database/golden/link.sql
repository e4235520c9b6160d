-- createLinks
CREATE TEMP TABLE IF NOT EXISTS links (legacy_key text COLLATE "C" PRIMARY KEY, legacy_id bigint, target_uuid uuid, target_key text COLLATE "C",
  parent_uuid uuid, parent_text text, untouched boolean NOT NULL, free boolean NOT NULL) ON COMMIT DELETE ROWS;

-- findLinks
INSERT INTO pg_temp.links (legacy_key, legacy_id, target_uuid, target_key, parent_uuid, parent_text, untouched, free)
    SELECT w.legacy_key, w.legacy_key::bigint, m.target_uuid, m.target_key, x.target_uuid, x.target_key, t.h IS NOT DISTINCT FROM m.target_hash, coalesce(t.free, false)
    FROM portage.pending_references w
    CROSS JOIN LATERAL (SELECT p.target_uuid, p.target_key FROM portage.uuid_mappings_2 p WHERE p.legacy_id = w.parent_key::bigint AND p.closed_by IS NULL) x
    CROSS JOIN LATERAL (SELECT m.target_uuid, m.target_key, m.target_hash FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.legacy_key::bigint) m
    LEFT JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h, t."boss_id" IS NULL AS free FROM "public"."doctors" t WHERE t."id" = m.target_uuid FOR UPDATE) t ON true
    WHERE w.entity_id = 2 AND w.column_name = 'boss_id' AND NOT EXISTS (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = 2 AND a.legacy_key = w.legacy_key AND a.operation_no = 7 AND a.code <> 'M003' AND a.reason LIKE '%; the reference is NULL in the target') ORDER BY w.legacy_key LIMIT 5000;

-- setLinks
UPDATE "public"."doctors" AS t SET "boss_id" = l.parent_uuid FROM pg_temp.links l WHERE l.free AND t."boss_id" IS NULL AND t."id" = l.target_uuid;
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, linked, waiting, hash_after, source_hash, target_hash, source_columns, target_columns)
     SELECT 42, 2, 7, 'update', l.legacy_key, r.key, jsonb_build_object('boss_id', NULL), jsonb_build_object('boss_id', r.value), true,
       (SELECT jsonb_build_object(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name = 'boss_id' AND p.legacy_key = l.legacy_key), r.h, m.source_hash, m.target_hash, m.source_columns, m.target_columns
     FROM pg_temp.links l CROSS JOIN LATERAL (SELECT (t."id")::text AS key, hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h, int4send(coalesce(uuid_hash(t."boss_id"), 0)) AS ch, (t."boss_id")::text AS value FROM "public"."doctors" t WHERE t."id" = l.target_uuid) r CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = l.legacy_id) m WHERE l.free;
UPDATE portage.uuid_mappings_2 AS m SET target_hash = CASE WHEN l.untouched THEN r.h ELSE m.target_hash END,
       target_columns = nullif(overlay(coalesce(m.target_columns, m.source_columns) PLACING r.ch FROM 17), m.source_columns)
     FROM pg_temp.links l CROSS JOIN LATERAL (SELECT (t."id")::text AS key, hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h, int4send(coalesce(uuid_hash(t."boss_id"), 0)) AS ch, (t."boss_id")::text AS value FROM "public"."doctors" t WHERE t."id" = l.target_uuid) r WHERE l.free AND m.legacy_id = l.legacy_id;
DELETE FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name = 'boss_id' AND p.legacy_key = ANY (ARRAY(SELECT l.legacy_key FROM pg_temp.links l));

-- setAsideUnlinked
INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no)
   SELECT p.entity_id, p.legacy_key, 'M003', min(p.column_name), 'there is no parent ' || min(p.parent_key) || '; the reference is NULL in the target', 7
   FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name IN ('boss_id') AND NOT EXISTS (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = 2 AND a.legacy_key = p.legacy_key AND a.operation_no = 7 AND a.code <> 'M003' AND a.reason LIKE '%; the reference is NULL in the target') AND NOT (EXISTS (SELECT FROM portage.data_differentials d WHERE d.entity_id = 2 AND d.legacy_key = p.legacy_key AND NOT d.resolved AND d.operation_no = 7
       AND (d.comparison_type = 'deleted' OR (d.comparison_type = 'conflict' AND d.reason LIKE 'deleted in the source%')))
     OR EXISTS (SELECT FROM portage.vanished_rows v WHERE v.entity_id = 2 AND v.legacy_key = p.legacy_key AND v.operation_no = 7)
     OR EXISTS (SELECT FROM portage.uuid_mappings_2 m WHERE m.legacy_id = p.legacy_key::bigint AND m.closed_by IS NOT NULL)) GROUP BY p.entity_id, p.legacy_key
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET code = excluded.code, column_name = excluded.column_name, reason = excluded.reason,
  rows = excluded.rows, operation_no = excluded.operation_no, last_seen = now(), state = CASE WHEN set_aside_rows.state = 'ignored' THEN 'ignored' ELSE 'open' END;

-- clearLinked
UPDATE portage.set_aside_rows a SET state = 'written', last_seen = now()
   WHERE a.entity_id = 2 AND a.state = 'open' AND a.reason LIKE '%; the reference is NULL in the target'
     AND NOT EXISTS (SELECT FROM portage.pending_references p WHERE p.entity_id = a.entity_id AND p.legacy_key = a.legacy_key);

-- missingParents
SELECT DISTINCT g.r3::text AS key FROM pg_temp.stage_2 g
   WHERE g.r3 IS NOT NULL AND NOT EXISTS (SELECT FROM portage.uuid_mappings_1 m WHERE m.legacy_id = g.r3)
     AND NOT EXISTS (SELECT FROM pg_temp.stage_1 p WHERE p.k = g.r3) LIMIT 2000;

-- resolveWithin
UPDATE pg_temp.work_2 w SET r3 = p.target_uuid, missing = array_remove(w.missing, 'office_id')
      FROM pg_temp.stage_2 g JOIN pg_temp.work_1 p ON p.k = g.r3 AND p.in_source WHERE g.k = w.k AND 'office_id' = ANY (w.missing);
UPDATE pg_temp.work_2 SET action = CASE WHEN known THEN 'judge' ELSE 'insert' END, code = NULL, missing = nullif(missing, '{}')
     WHERE missing IS NOT NULL AND action IN ('park', 'set_aside') AND NOT CASE WHEN known THEN missing && ARRAY['office_id', 'boss_id']::text[] ELSE missing && ARRAY['office_id']::text[] END;

-- demote
UPDATE pg_temp.work_2 w SET r3 = NULL, action = CASE WHEN CASE WHEN w.known THEN true ELSE true END THEN p.action ELSE w.action END, code = CASE WHEN CASE WHEN w.known THEN true ELSE true END THEN 'M003' ELSE w.code END,
     missing = CASE WHEN CASE WHEN w.known THEN true ELSE true END THEN ARRAY['office_id'] ELSE array_append(array_remove(w.missing, 'office_id'), 'office_id') END
   FROM pg_temp.stage_2 g JOIN pg_temp.work_1 p ON p.k = g.r3 AND p.action IN ('set_aside', 'park') AND NOT p.known
   WHERE g.k = w.k AND w.action IN ('insert', 'judge', 'update', 'again') AND w.r3 IS NOT NULL;
