-- recordDifferentials
INSERT INTO portage.data_differentials (entity_id, entity_type, source_table, target_table, legacy_key, target_key, comparison_type, columns, reason, source_hash, target_hash, source_values, target_values, operation_no)
    SELECT 2, 'doctors', 'public.doctor', 'public.doctors',
      w.k::text, w.target_uuid::text, CASE w.action WHEN 'kept' THEN 'value' WHEN 'missing' THEN 'missing' WHEN 'conflict' THEN 'conflict' WHEN 'no_base' THEN 'conflict' WHEN 'adopted' THEN 'adopted' WHEN 'adopt_conflict' THEN 'adopted' WHEN 'reappeared' THEN 'reappeared' WHEN 'deleted' THEN 'deleted' WHEN 'altered' THEN 'value' WHEN 'referenced' THEN 'conflict' WHEN 'refused' THEN 'conflict' END, d.columns,
      CASE WHEN w.action = 'conflict' AND NOT w.in_source THEN 'deleted in the source, changed in the target' WHEN w.action = 'conflict' AND w.target_state = 'absent' THEN 'changed in the source, deleted in the target' WHEN w.action IN ('referenced', 'refused') THEN (CASE w.action WHEN 'kept' THEN 'changed in the target only: kept' WHEN 'missing' THEN 'deleted in the target only: recorded' WHEN 'conflict' THEN 'changed on both sides' WHEN 'no_base' THEN 'differs, and no base tells which side changed it' WHEN 'adopted' THEN 'adopted, and different from the source' WHEN 'adopt_conflict' THEN 'adopted, and different from the source' WHEN 'reappeared' THEN 'the key was gone from the source and appears again' WHEN 'deleted' THEN 'deleted in the source, or left the filter: reported' WHEN 'altered' THEN 'written by this run, and changed by the target on its way in' WHEN 'referenced' THEN 'deleted in the source, kept because rows still refer to it: ' WHEN 'refused' THEN 'deleted in the source, kept because it cannot be deleted: ' END) || w.code ELSE CASE w.action WHEN 'kept' THEN 'changed in the target only: kept' WHEN 'missing' THEN 'deleted in the target only: recorded' WHEN 'conflict' THEN 'changed on both sides' WHEN 'no_base' THEN 'differs, and no base tells which side changed it' WHEN 'adopted' THEN 'adopted, and different from the source' WHEN 'adopt_conflict' THEN 'adopted, and different from the source' WHEN 'reappeared' THEN 'the key was gone from the source and appears again' WHEN 'deleted' THEN 'deleted in the source, or left the filter: reported' WHEN 'altered' THEN 'written by this run, and changed by the target on its way in' WHEN 'referenced' THEN 'deleted in the source, kept because rows still refer to it: ' WHEN 'refused' THEN 'deleted in the source, kept because it cannot be deleted: ' END END || CASE w.code WHEN 'S005' THEN '; S005: the strategy cannot decide, and no second one is named that can' WHEN 'moved' THEN '; it changed again since it was recorded' ELSE '' END,
      g.h, t.portage_hash, d.source_values, d.target_values, 7
    FROM pg_temp.work_2 w LEFT JOIN pg_temp.stage_2 g ON g.k = w.k AND w.in_source
    LEFT JOIN LATERAL (SELECT t.*, hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS portage_hash FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON true
    CROSS JOIN LATERAL (SELECT d.columns, (SELECT jsonb_object_agg(v.name, v.value) FROM (VALUES ('legacy_id', left((g.c0::integer)::text, 2000)), ('name', left((g.c1)::text, 2000)), ('fee', left((g.c2::numeric)::text, 2000)), ('office_id', left((w.r3)::text, 2000)), ('boss_id', left((w.r4)::text, 2000)), ('email', encode(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((g.c5::text)::text, 'UTF8'))), 'hex')), ('code', left((g.c6)::text, 2000)), ('note', left((g.c7::text)::text, 2000)), ('origin', left(('surgery'::text::text)::text, 2000))) AS v (name, value) WHERE v.name = ANY (d.columns)) AS source_values, (SELECT jsonb_object_agg(v.name, v.value) FROM (VALUES ('legacy_id', left((t."legacy_id")::text, 2000)), ('name', left((t."name")::text, 2000)), ('fee', left((t."fee")::text, 2000)), ('office_id', left((t."office_id")::text, 2000)), ('boss_id', left((t."boss_id")::text, 2000)), ('email', encode(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 'hex')), ('code', left((t."code")::text, 2000)), ('note', left((t."note")::text, 2000)), ('origin', left((t."origin")::text, 2000))) AS v (name, value) WHERE v.name = ANY (d.columns)) AS target_values
      FROM (SELECT CASE WHEN w.in_source AND t.portage_hash IS NOT NULL THEN array_remove(ARRAY[CASE WHEN (g.c0::integer) IS DISTINCT FROM (t."legacy_id") THEN 'legacy_id' END, CASE WHEN (g.c1) COLLATE "C" IS DISTINCT FROM (t."name") COLLATE "C" THEN 'name' END, CASE WHEN (g.c2::numeric)::text COLLATE "C" IS DISTINCT FROM (t."fee")::text COLLATE "C" THEN 'fee' END, CASE WHEN (w.r3) IS DISTINCT FROM (t."office_id") THEN 'office_id' END, CASE WHEN (w.r4) IS DISTINCT FROM (t."boss_id") THEN 'boss_id' END, CASE WHEN (g.c5::text) COLLATE "C" IS DISTINCT FROM (t."email") COLLATE "C" THEN 'email' END, CASE WHEN (g.c6)::text COLLATE "C" IS DISTINCT FROM (t."code")::text COLLATE "C" THEN 'code' END, CASE WHEN (g.c7::text) COLLATE "C" IS DISTINCT FROM (t."note") COLLATE "C" THEN 'note' END, CASE WHEN ('surgery'::text::text) COLLATE "C" IS DISTINCT FROM (t."origin") COLLATE "C" THEN 'origin' END]::text[], NULL) ELSE '{}' END AS columns) d) d
    WHERE w.action IN ('kept', 'missing', 'conflict', 'no_base', 'adopted', 'adopt_conflict', 'reappeared', 'deleted', 'altered', 'referenced', 'refused')
    ON CONFLICT (entity_id, legacy_key, comparison_type) WHERE NOT resolved DO UPDATE SET last_seen = now(), operation_no = excluded.operation_no, columns = excluded.columns, reason = excluded.reason,
      target_key = excluded.target_key, source_hash = excluded.source_hash, target_hash = excluded.target_hash, source_values = excluded.source_values, target_values = excluded.target_values;

-- parkRows
INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT 2, w.k::text, coalesce('a unique value is taken already (' || w.taken || ')', 'waits for ' || array_to_string(w.missing, ', ') || ''), 7 FROM pg_temp.work_2 w WHERE w.action = 'park'
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no;

-- parkRows again
INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT 2, w.k::text, coalesce('a unique value is taken already (' || w.taken || ')', 'waits for ' || array_to_string(w.missing, ', ') || ', which is loaded later'), 7 FROM pg_temp.work_2 w WHERE w.action = 'park'
   ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no;

-- parkedKeys
SELECT p.legacy_key FROM portage.parked_rows p WHERE p.entity_id = 2 AND right(p.reason, 23) <> ', which is loaded later' ORDER BY p.legacy_key LIMIT $1;

-- unpark
DELETE FROM portage.parked_rows WHERE entity_id = 2 AND legacy_key = ANY ($1::text[])
     AND legacy_key <> ALL (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action = 'park'));

-- setAsideRows
INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no)
    SELECT 2, w.k::text, coalesce(w.code, 'M012'), coalesce(w.taken_columns, w.missing[1]),
      CASE WHEN w.taken IS NOT NULL THEN w.taken WHEN w.code = 'M004' THEN 'a target row that is mapped already, or several, stand for this key' ELSE (CASE w.missing[1] WHEN 'office_id' THEN 'offices ' || g.r3::text WHEN 'boss_id' THEN 'doctors ' || g.r4::text END) || ' has not been migrated' END, 7
    FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action = 'set_aside' ON CONFLICT (entity_id, legacy_key) DO UPDATE SET code = excluded.code, column_name = excluded.column_name, reason = excluded.reason,
  rows = excluded.rows, operation_no = excluded.operation_no, last_seen = now(), state = CASE WHEN set_aside_rows.state = 'ignored' THEN 'ignored' ELSE 'open' END;

-- setAsideOne
INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, column_name, reason, operation_no) VALUES (2, $1, $2, $3, $4, 7) ON CONFLICT (entity_id, legacy_key) DO UPDATE SET code = excluded.code, column_name = excluded.column_name, reason = excluded.reason,
  rows = excluded.rows, operation_no = excluded.operation_no, last_seen = now(), state = CASE WHEN set_aside_rows.state = 'ignored' THEN 'ignored' ELSE 'open' END;

-- clearWritten
UPDATE portage.set_aside_rows a SET state = 'written', last_seen = now()
   WHERE EXISTS (SELECT FROM portage.set_aside_rows x WHERE x.entity_id = 2 AND x.state IN ('open', 'ignored'))
     AND a.entity_id = 2 AND a.state IN ('open', 'ignored') AND a.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('insert', 'again', 'update', 'merge', 'adopt', 'rebase', 'none')));

-- actionCounts
SELECT coalesce(w.decided, w.action) AS action, w.in_source::text AS in_source, count(*) AS rows, count(w.missing) AS waiting FROM pg_temp.work_2 w WHERE true GROUP BY 1, 2;

-- closeGone
UPDATE portage.data_differentials SET resolved = true, resolved_by = 'gone', resolved_at = now()
   WHERE entity_id = 2 AND NOT resolved AND operation_no <> 7 AND comparison_type IN ('value', 'missing', 'conflict', 'deleted', 'adopted', 'reappeared')
     AND operation_no NOT IN (SELECT v.operation_no FROM portage.operations v WHERE v.operation_type = 'validation');

-- closeByFull
UPDATE portage.data_differentials d SET resolved = true, resolved_by = 'full', resolved_at = now()
   WHERE d.entity_id = 2 AND NOT d.resolved AND d.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('update', 'again', 'rebase', 'adopt')));
