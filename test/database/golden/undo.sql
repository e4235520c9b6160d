-- createUndo
CREATE TEMP TABLE IF NOT EXISTS undo_2 (k bigint NOT NULL, kind text NOT NULL, forget boolean NOT NULL,
      target_uuid uuid, target_key text COLLATE "C", key_before text COLLATE "C", before jsonb, after jsonb, hash_after bigint, base_after bigint, source_after bigint, xid xid8, written_at timestamptz,
      source_hash bigint, target_hash bigint, source_columns bytea, target_columns bytea, closed_before integer, mapped_by integer, mapped_origin "char", waiting jsonb, linked boolean,
      verdict text, columns text[], later_no integer, detail text) ON COMMIT DELETE ROWS;
    CREATE INDEX IF NOT EXISTS undo_2_k ON pg_temp.undo_2 (k); CREATE INDEX IF NOT EXISTS undo_2_target ON pg_temp.undo_2 (target_uuid);

-- gatherUndo
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, hash_after, xid, written_at)
     SELECT x.k, 'insert', true, x.key, x.h, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at FROM portage.undo_inserts u CROSS JOIN LATERAL unnest(u.legacy_ids, u.target_uuids, u.hashes) AS x (k, key, h)
     WHERE NOT u.mapped AND u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = x.k::text);
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, hash_after, xid, written_at, source_hash, target_hash, source_columns, target_columns, closed_before)
     SELECT w.k, 'insert', false, w.key, w.h, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by FROM portage.undo_inserts u CROSS JOIN LATERAL unnest(u.legacy_ids, u.target_uuids, u.hashes) AS w (k, key, h) LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true
     WHERE u.mapped AND u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = w.k::text);
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, key_before, before, after, hash_after, base_after, source_after, xid, written_at, source_hash, target_hash, source_columns, target_columns, closed_before, mapped_by, mapped_origin, waiting, linked) SELECT u.legacy_key::bigint, u.action, false, u.target_key::uuid, u.key_before, u.before, u.after, u.hash_after, u.base_after, u.source_after, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at, u.source_hash, u.target_hash, u.source_columns, u.target_columns, u.closed_before, u.mapped_by, u.mapped_origin, u.waiting, u.linked FROM portage.undo_log u WHERE u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = u.legacy_key) AND u.action IN ('update', 'delete');
UPDATE pg_temp.undo_2 w SET forget = u.action = 'adopt', source_hash = u.source_hash, target_hash = u.target_hash, source_columns = u.source_columns, target_columns = u.target_columns, closed_before = u.closed_before, key_before = u.key_before
     FROM portage.undo_log u WHERE w.k = u.legacy_key::bigint AND u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND u.action IN ('adopt', 'remap');
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, key_before, before, after, hash_after, base_after, source_after, xid, written_at, source_hash, target_hash, source_columns, target_columns, closed_before, mapped_by, mapped_origin, waiting, linked) SELECT u.legacy_key::bigint, 'none', u.action = 'adopt', u.target_key::uuid, u.key_before, u.before, u.after, u.hash_after, u.base_after, u.source_after, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at, u.source_hash, u.target_hash, u.source_columns, u.target_columns, u.closed_before, u.mapped_by, u.mapped_origin, u.waiting, u.linked FROM portage.undo_log u WHERE u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = u.legacy_key) AND u.action IN ('adopt', 'remap') AND NOT EXISTS (SELECT FROM pg_temp.undo_2 w WHERE w.k = u.legacy_key::bigint);

-- gatherUndo of what was kept
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, hash_after, xid, written_at)
     SELECT x.k, 'insert', true, x.key, x.h, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at FROM portage.undo_inserts u CROSS JOIN LATERAL unnest(u.legacy_ids, u.target_uuids, u.hashes) AS x (k, key, h)
     WHERE NOT u.mapped AND u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = x.k::text) AND EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 5 AND q.entity_id = 2 AND q.legacy_key = x.k::text);
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, hash_after, xid, written_at, source_hash, target_hash, source_columns, target_columns, closed_before)
     SELECT w.k, 'insert', false, w.key, w.h, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by FROM portage.undo_inserts u CROSS JOIN LATERAL unnest(u.legacy_ids, u.target_uuids, u.hashes) AS w (k, key, h) LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true
     WHERE u.mapped AND u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = w.k::text) AND EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 5 AND q.entity_id = 2 AND q.legacy_key = w.k::text);
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, key_before, before, after, hash_after, base_after, source_after, xid, written_at, source_hash, target_hash, source_columns, target_columns, closed_before, mapped_by, mapped_origin, waiting, linked) SELECT u.legacy_key::bigint, u.action, false, u.target_key::uuid, u.key_before, u.before, u.after, u.hash_after, u.base_after, u.source_after, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at, u.source_hash, u.target_hash, u.source_columns, u.target_columns, u.closed_before, u.mapped_by, u.mapped_origin, u.waiting, u.linked FROM portage.undo_log u WHERE u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = u.legacy_key) AND EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 5 AND q.entity_id = 2 AND q.legacy_key = u.legacy_key) AND u.action IN ('update', 'delete');
UPDATE pg_temp.undo_2 w SET forget = u.action = 'adopt', source_hash = u.source_hash, target_hash = u.target_hash, source_columns = u.source_columns, target_columns = u.target_columns, closed_before = u.closed_before, key_before = u.key_before
     FROM portage.undo_log u WHERE w.k = u.legacy_key::bigint AND u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND u.action IN ('adopt', 'remap');
INSERT INTO pg_temp.undo_2 (k, kind, forget, target_uuid, key_before, before, after, hash_after, base_after, source_after, xid, written_at, source_hash, target_hash, source_columns, target_columns, closed_before, mapped_by, mapped_origin, waiting, linked) SELECT u.legacy_key::bigint, 'none', u.action = 'adopt', u.target_key::uuid, u.key_before, u.before, u.after, u.hash_after, u.base_after, u.source_after, CASE WHEN u.xmin::text = (u.xid::text::bigint & 4294967295)::text THEN u.xid END, u.written_at, u.source_hash, u.target_hash, u.source_columns, u.target_columns, u.closed_before, u.mapped_by, u.mapped_origin, u.waiting, u.linked FROM portage.undo_log u WHERE u.operation_no = 7 AND u.entity_id = 2 AND u.batch_no = ANY ($1::bigint[]) AND NOT EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 8 AND q.entity_id = 2 AND q.legacy_key = u.legacy_key) AND EXISTS (SELECT FROM portage.kept_rows q WHERE q.rollback_no = 5 AND q.entity_id = 2 AND q.legacy_key = u.legacy_key) AND u.action IN ('adopt', 'remap') AND NOT EXISTS (SELECT FROM pg_temp.undo_2 w WHERE w.k = u.legacy_key::bigint);

-- lockUndo
SELECT count(*) AS locked FROM (SELECT w.* FROM pg_temp.undo_2 w WHERE w.kind IN ('insert', 'update') ORDER BY w.target_uuid) w
   CROSS JOIN LATERAL (SELECT 1 FROM "public"."doctors" t WHERE t."id" = w.target_uuid FOR UPDATE) l;

-- judgeUndo
UPDATE pg_temp.undo_2 u SET verdict = x.verdict, later_no = nullif(x.later_no, 8) FROM (
     SELECT w.k, CASE w.kind
      WHEN 'delete' THEN CASE WHEN t.there THEN 'occupied'
        WHEN w.mapped_by IS NOT NULL THEN CASE WHEN m.there THEN 'later operation' END
        WHEN m.there IS NULL OR m.closed_by IS DISTINCT FROM 7 THEN 'later operation' END
      WHEN 'none' THEN CASE WHEN w.mapped_by IS NOT NULL THEN CASE WHEN m.there THEN 'later operation' END
        WHEN m.there IS NULL OR (w.forget AND m.operation_no <> 7) OR (m.target_hash IS DISTINCT FROM coalesce(w.base_after, w.hash_after) OR m.source_hash <> w.source_after) THEN 'later operation' END
      ELSE CASE WHEN t.there IS NULL THEN 'deleted'
        WHEN (m.there IS NULL) = (w.mapped_by IS NULL) OR coalesce(l.operation_no > 7 AND l.operation_type <> 'rollback', false) THEN 'later operation'
        WHEN NOT (CASE w.kind WHEN 'insert' THEN (w.xid IS NOT NULL AND NOT t.touched) OR (t.h IS NOT DISTINCT FROM w.hash_after AND t.rest0 AND (w.xid IS NULL OR t.ours OR l.operation_no IS NOT NULL)) ELSE CASE WHEN w.after IS NOT NULL THEN coalesce(t.part, false) AND (NOT coalesce(w.linked AND m.origin = 'i' AND m.operation_no = 7, false) OR (w.xid IS NOT NULL AND NOT t.touched) OR (t.h IS NOT DISTINCT FROM w.hash_after AND t.rest0 AND (w.xid IS NULL OR t.ours OR l.operation_no IS NOT NULL))) ELSE t.h IS NOT DISTINCT FROM w.hash_after END END) THEN CASE WHEN l.operation_no NOT IN (7, 8) THEN 'later operation' ELSE 'edited' END
        WHEN m.target_hash IS NOT NULL AND m.target_hash IS DISTINCT FROM coalesce(w.base_after, w.hash_after) AND m.target_hash IS DISTINCT FROM w.target_hash THEN 'later operation' END
    END AS verdict, CASE WHEN l.operation_no <> 7 THEN l.operation_no WHEN m.operation_no > 7 THEN m.operation_no WHEN m.closed_by > 7 THEN m.closed_by
         WHEN w.kind = 'none' THEN (SELECT max(c.operation_no) FROM portage.conflict_decisions c WHERE c.entity_id = 2 AND c.legacy_key = w.k::text AND c.operation_no > 7) END AS later_no
     FROM pg_temp.undo_2 w LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true
     LEFT JOIN LATERAL (SELECT true AS there, hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h, false AS ours, coalesce(t.xmin::text <> (w.xid::text::bigint & 4294967295)::text, true) AS touched, t.xmin AS xmin, CASE WHEN w.after IS NOT NULL THEN jsonb_object(ARRAY['id', 'legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin', 'created_at', 'phone'], ARRAY[(t."id")::text, (t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text, (t."created_at")::text, (t."phone")::text]) @> w.after END AS part, (t."phone"::text IS NOT DISTINCT FROM NULL) AS rest0 FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON w.kind <> 'none'
     LEFT JOIN LATERAL (SELECT o.operation_no, o.operation_type FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS at OFFSET 0) c
    JOIN portage.migration_batches b ON b.xid = (c.at - ((c.at - t.xmin::text::bigint) & 4294967295))::text::xid8 JOIN portage.migration_checkpoints p ON p.id = b.checkpoint_id JOIN portage.operations o USING (operation_id) LIMIT 1) l ON t.touched) x
   WHERE u.k = x.k AND x.verdict IS NOT NULL;

-- judgeUndo of a rollback, over another map
UPDATE pg_temp.undo_2 u SET verdict = x.verdict, later_no = nullif(x.later_no, 8) FROM (
     SELECT w.k, CASE w.kind
      WHEN 'delete' THEN CASE WHEN t.there THEN 'occupied'
        WHEN w.mapped_by IS NOT NULL THEN CASE WHEN m.there THEN 'later operation' END
        WHEN m.there IS NULL OR false THEN 'later operation' END
      WHEN 'none' THEN CASE WHEN w.mapped_by IS NOT NULL THEN CASE WHEN m.there THEN 'later operation' END
        WHEN m.there IS NULL OR (w.forget AND m.operation_no <> 7) OR (false) THEN 'later operation' END
      ELSE CASE WHEN t.there IS NULL THEN 'deleted'
        WHEN (m.there IS NULL) = (w.mapped_by IS NULL) OR coalesce(l.operation_no > 7 AND l.operation_type <> 'rollback', false) THEN 'later operation'
        WHEN NOT (CASE w.kind WHEN 'insert' THEN (w.xid IS NOT NULL AND NOT t.touched) OR (t.h IS NOT DISTINCT FROM w.hash_after AND t.rest0 AND (w.xid IS NULL OR t.ours OR l.operation_no IS NOT NULL)) ELSE CASE WHEN w.after IS NOT NULL THEN coalesce(t.part, false) AND (NOT coalesce(w.linked AND m.origin = 'i' AND m.operation_no = 7, false) OR (w.xid IS NOT NULL AND NOT t.touched) OR (t.h IS NOT DISTINCT FROM w.hash_after AND t.rest0 AND (w.xid IS NULL OR t.ours OR l.operation_no IS NOT NULL))) ELSE t.h IS NOT DISTINCT FROM w.hash_after END END) THEN CASE WHEN l.operation_no NOT IN (7, 8) THEN 'later operation' ELSE 'edited' END
        WHEN false THEN 'later operation' END
    END AS verdict, CASE WHEN l.operation_no <> 7 THEN l.operation_no WHEN m.operation_no > 7 THEN m.operation_no WHEN m.closed_by > 7 THEN m.closed_by
         WHEN w.kind = 'none' THEN (SELECT max(c.operation_no) FROM portage.conflict_decisions c WHERE c.entity_id = 2 AND c.legacy_key = w.k::text AND c.operation_no > 7) END AS later_no
     FROM pg_temp.undo_2 w LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true
     LEFT JOIN LATERAL (SELECT true AS there, hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h, false AS ours, coalesce(t.xmin::text <> (w.xid::text::bigint & 4294967295)::text, true) AS touched, t.xmin AS xmin, CASE WHEN w.after IS NOT NULL THEN jsonb_object(ARRAY['id', 'legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin', 'created_at', 'phone'], ARRAY[(t."id")::text, (t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text, (t."created_at")::text, (t."phone")::text]) @> w.after END AS part, (t."phone"::text IS NOT DISTINCT FROM NULL) AS rest0 FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON w.kind <> 'none'
     LEFT JOIN LATERAL (SELECT o.operation_no, o.operation_type FROM (SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS at OFFSET 0) c
    JOIN portage.migration_batches b ON b.xid = (c.at - ((c.at - t.xmin::text::bigint) & 4294967295))::text::xid8 JOIN portage.migration_checkpoints p ON p.id = b.checkpoint_id JOIN portage.operations o USING (operation_id) LIMIT 1) l ON t.touched) x
   WHERE u.k = x.k AND x.verdict IS NOT NULL;

-- keepReferred
UPDATE pg_temp.undo_2 u SET verdict = 'referenced', detail = concat_ws('; ', u.detail, x.who)
   FROM (SELECT w.k, 'public.doctors' || coalesce(' ' || r.keys, '') || ' (doctors_boss_id_fkey)' AS who FROM pg_temp.undo_2 w
     CROSS JOIN LATERAL (SELECT t."id" AS r0 FROM "public"."doctors" t WHERE t."id" = w.target_uuid) p
     CROSS JOIN LATERAL (SELECT string_agg(c.key, ', ') AS keys FROM (SELECT t."id"::text AS key FROM "public"."doctors" t
       WHERE p.r0 OPERATOR(pg_catalog.=) t."boss_id" AND NOT EXISTS (SELECT FROM pg_temp.undo_2 x WHERE x.target_uuid = (t."id") AND x.verdict IS NULL AND (x.kind = 'insert' OR x.kind = 'update' AND ((x.before ? 'boss_id' AND x.before->>'boss_id' IS DISTINCT FROM t."boss_id"::text)))) LIMIT 3) c HAVING count(*) > 0) r
     WHERE w.kind = 'insert' AND coalesce(w.verdict, 'referenced') = 'referenced') x
   WHERE u.k = x.k;

-- keepGoing
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, mapped_by, mapped_origin, waiting, linked)
   SELECT 42, 2, 8, 'delete', w.k::text, w.target_uuid::text, jsonb_object(ARRAY['id', 'legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin', 'created_at', 'phone'], ARRAY[(t."id")::text, (t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text, (t."created_at")::text, (t."phone")::text]), NULL, NULL, m.source_hash, m.target_hash, m.source_columns, m.target_columns,
     m.closed_by, NULL, CASE WHEN w.forget THEN m.operation_no END, CASE WHEN w.forget THEN m.origin END, (SELECT jsonb_object_agg(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name IN ('office_id', 'boss_id') AND p.legacy_key = w.k::text), NULL
   FROM pg_temp.undo_2 w CROSS JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE t."id" = w.target_uuid OFFSET 0) t CROSS JOIN LATERAL (SELECT m.* FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m WHERE w.kind = 'insert' AND w.verdict IS NULL;

-- deleteInserted
WITH d0 AS (DELETE FROM "public"."doctors" AS t USING pg_temp.undo_2 w WHERE w.kind = 'insert' AND w.verdict IS NULL AND t."id" = w.target_uuid RETURNING 1) SELECT (SELECT count(*) FROM d0) AS rows;

-- releaseRestored
UPDATE "public"."doctors" AS t SET "legacy_id" = CASE WHEN w.before ? 'legacy_id' AND w.before->>'legacy_id' IS DISTINCT FROM (t."legacy_id")::text THEN NULL ELSE t."legacy_id" END
       FROM pg_temp.undo_2 w WHERE w.kind = 'update' AND w.verdict IS NULL AND t."id" = w.target_uuid;

-- keepRestoring
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, mapped_by, mapped_origin, waiting, linked)
   SELECT 42, 2, 8, 'update', w.k::text, coalesce(w.key_before, w.target_uuid::text), CASE WHEN w.after IS NULL THEN x.whole ELSE (SELECT jsonb_object_agg(c.name, x.whole->c.name) FROM jsonb_object_keys(w.before) AS c (name)) END, CASE WHEN w.after IS NOT NULL THEN w.before END, w.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns,
     m.closed_by, CASE WHEN w.key_before IS NOT NULL THEN w.target_uuid::text END, CASE WHEN w.forget THEN m.operation_no END, CASE WHEN w.forget THEN m.origin END,
     CASE WHEN w.linked THEN (SELECT jsonb_object_agg(c.name, p.parent_key) FROM jsonb_object_keys(w.waiting) AS c (name)
      LEFT JOIN portage.pending_references p ON p.entity_id = 2 AND p.column_name = c.name AND p.legacy_key = w.k::text) ELSE (SELECT jsonb_object_agg(p.column_name, p.parent_key) FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name IN ('office_id', 'boss_id') AND p.legacy_key = w.k::text) END, w.linked
   FROM pg_temp.undo_2 w CROSS JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE t."id" = w.target_uuid OFFSET 0) t CROSS JOIN LATERAL (SELECT jsonb_object(ARRAY['legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin'], ARRAY[(t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text]) AS whole OFFSET 0) x LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true WHERE w.kind = 'update' AND w.verdict IS NULL;

-- restoreRows
WITH written AS (UPDATE "public"."doctors" AS t SET "legacy_id" = CASE WHEN w.before ? 'legacy_id' THEN (w.before->>'legacy_id')::integer ELSE t."legacy_id" END, "name" = CASE WHEN w.before ? 'name' THEN (w.before->>'name')::character varying(40) ELSE t."name" END, "fee" = CASE WHEN w.before ? 'fee' THEN (w.before->>'fee')::numeric ELSE t."fee" END, "office_id" = CASE WHEN w.before ? 'office_id' THEN (w.before->>'office_id')::uuid ELSE t."office_id" END, "boss_id" = CASE WHEN w.before ? 'boss_id' THEN (w.before->>'boss_id')::uuid ELSE t."boss_id" END, "email" = CASE WHEN w.before ? 'email' THEN (w.before->>'email')::text ELSE t."email" END, "code" = CASE WHEN w.before ? 'code' THEN (w.before->>'code')::character(6) ELSE t."code" END, "note" = CASE WHEN w.before ? 'note' THEN (w.before->>'note')::text ELSE t."note" END, "origin" = CASE WHEN w.before ? 'origin' THEN (w.before->>'origin')::text ELSE t."origin" END, "created_at" = CASE WHEN w.before ? 'created_at' THEN (w.before->>'created_at')::timestamp with time zone ELSE t."created_at" END FROM pg_temp.undo_2 w WHERE w.kind = 'update' AND w.verdict IS NULL AND t."id" = w.target_uuid RETURNING 1)
    SELECT count(*) AS rows FROM written;

-- moveBack
UPDATE pg_temp.undo_2 w SET target_uuid = w.key_before::uuid WHERE w.kind = 'update' AND w.verdict IS NULL AND w.key_before IS NOT NULL;

-- takeRestored
UPDATE portage.undo_log u SET hash_after = r.h, base_after = w.target_hash, after = CASE WHEN u.after IS NOT NULL THEN (SELECT jsonb_object_agg(c.name, r.whole->c.name) FROM jsonb_object_keys(u.after) AS c (name)) END
   FROM pg_temp.undo_2 w CROSS JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h, CASE WHEN w.after IS NOT NULL THEN jsonb_object(ARRAY['id', 'legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin', 'created_at', 'phone'], ARRAY[(t."id")::text, (t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text, (t."created_at")::text, (t."phone")::text]) END AS whole FROM "public"."doctors" t WHERE t."id" = w.target_uuid OFFSET 0) r
   WHERE w.kind = 'update' AND w.verdict IS NULL AND (r.h IS DISTINCT FROM w.target_hash OR w.after IS NOT NULL AND NOT r.whole @> w.before) AND u.operation_no = 8 AND u.entity_id = 2 AND u.batch_no = 42 AND u.action = 'update' AND w.k = u.legacy_key::bigint;

-- insertDeleted
WITH i0 AS (INSERT INTO "public"."doctors" ("id", "legacy_id", "name") OVERRIDING SYSTEM VALUE
      SELECT (w.before->>'id')::uuid, (w.before->>'legacy_id')::integer, (w.before->>'name')::character varying(40) FROM pg_temp.undo_2 w WHERE w.kind = 'delete' AND w.verdict IS NULL ORDER BY w.target_uuid RETURNING 1) SELECT (SELECT count(*) FROM i0) AS rows;

-- deletedColumns
SELECT DISTINCT c.name FROM pg_temp.undo_2 w CROSS JOIN LATERAL jsonb_object_keys(w.before) AS c (name) WHERE w.kind = 'delete' AND w.verdict IS NULL;

-- keepReturned
INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, legacy_ids, target_uuids, hashes)
     SELECT 42, 2, 8, array_agg(w.k), array_agg(w.target_uuid), array_agg(r.h)
     FROM pg_temp.undo_2 w CROSS JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h FROM "public"."doctors" t WHERE t."id" = w.target_uuid OFFSET 0) r WHERE w.kind = 'delete' AND w.verdict IS NULL HAVING count(*) > 0;
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, mapped_by, mapped_origin, waiting, linked)
     SELECT 42, 2, 8, 'remap', w.k::text, w.target_uuid::text, NULL, NULL, w.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, NULL, NULL, NULL, NULL, NULL
     FROM pg_temp.undo_2 w CROSS JOIN LATERAL (SELECT m.* FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m WHERE w.kind = 'delete' AND w.verdict IS NULL AND w.mapped_by IS NULL;

-- keepRemapped
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, mapped_by, mapped_origin, waiting, linked, source_after)
   SELECT 42, 2, 8, 'remap', w.k::text, w.target_uuid::text, NULL, NULL, w.target_hash, m.source_hash, m.target_hash, m.source_columns, m.target_columns, m.closed_by, NULL,
     CASE WHEN w.forget THEN m.operation_no END, CASE WHEN w.forget THEN m.origin END, NULL, NULL, w.source_hash
   FROM pg_temp.undo_2 w CROSS JOIN LATERAL (SELECT m.* FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m WHERE w.kind = 'none' AND w.verdict IS NULL AND w.mapped_by IS NULL;
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, after, hash_after, source_hash, target_hash, source_columns, target_columns, closed_before, key_before, mapped_by, mapped_origin, waiting, linked)
   SELECT 42, 2, 8, 'adopt', w.k::text, w.target_uuid::text, NULL, NULL, w.target_hash, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
   FROM pg_temp.undo_2 w WHERE w.kind IN ('none', 'update') AND w.verdict IS NULL AND w.mapped_by IS NOT NULL;

-- restoreMappings
DELETE FROM portage.uuid_mappings_2 m USING pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.forget AND m.legacy_id = w.k;
UPDATE portage.uuid_mappings_2 AS m SET source_hash = w.source_hash, target_hash = w.target_hash, source_columns = w.source_columns, target_columns = w.target_columns, closed_by = w.closed_before, target_uuid = coalesce(w.key_before::uuid, w.target_uuid)
     FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND NOT w.forget AND w.mapped_by IS NULL AND m.legacy_id = w.k;
INSERT INTO portage.uuid_mappings_2 (legacy_id, source_hash, target_hash, target_uuid, entity_id, operation_no, closed_by, origin, source_columns, target_columns)
     SELECT w.k, w.source_hash, w.target_hash, coalesce(w.key_before::uuid, w.target_uuid), 2, w.mapped_by, w.closed_before, w.mapped_origin, w.source_columns, w.target_columns
     FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.mapped_by IS NOT NULL;

-- restoreMappings over another map
DELETE FROM portage.uuid_mappings_2 m USING pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.forget AND m.legacy_id = w.k;
UPDATE portage.uuid_mappings_2 AS m SET source_hash = NULL, target_hash = NULL, source_columns = NULL, target_columns = NULL, closed_by = w.closed_before, target_uuid = coalesce(w.key_before::uuid, w.target_uuid)
     FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND NOT w.forget AND w.mapped_by IS NULL AND m.legacy_id = w.k;
INSERT INTO portage.uuid_mappings_2 (legacy_id, source_hash, target_hash, target_uuid, entity_id, operation_no, closed_by, origin, source_columns, target_columns)
     SELECT w.k, NULL, NULL, coalesce(w.key_before::uuid, w.target_uuid), 2, w.mapped_by, w.closed_before, w.mapped_origin, NULL, NULL
     FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.mapped_by IS NOT NULL;

-- nameDiffering
UPDATE pg_temp.undo_2 u SET columns = x.columns FROM (
     SELECT w.k, array_remove(CASE WHEN w.after IS NOT NULL AND w.linked IS NULL THEN ARRAY(SELECT c.name FROM jsonb_each(w.after) AS c (name, value) WHERE jsonb_object(ARRAY['id', 'legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin', 'created_at', 'phone'], ARRAY[(t."id")::text, (t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text, (t."created_at")::text, (t."phone")::text])->c.name IS DISTINCT FROM c.value)
       ELSE CASE WHEN m.target_hash = w.hash_after THEN ARRAY[CASE WHEN int4send(coalesce(hashint8((t."legacy_id")::int8), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 1, 4) THEN 'legacy_id' END, CASE WHEN int4send(coalesce(hashtext((t."name")::text), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 5, 4) THEN 'name' END, CASE WHEN int4send(coalesce(hashtext((t."fee")::text), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 9, 4) THEN 'fee' END, CASE WHEN int4send(coalesce(uuid_hash(t."office_id"), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 13, 4) THEN 'office_id' END, CASE WHEN int4send(coalesce(uuid_hash(t."boss_id"), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 17, 4) THEN 'boss_id' END, CASE WHEN coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 1, 4), '\x00000000') <> substr(coalesce(m.target_columns, m.source_columns), 21, 4) THEN 'email' END, CASE WHEN int4send(coalesce(hashtext((t."code")::text), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 25, 4) THEN 'code' END, CASE WHEN int4send(coalesce(hashtext((t."note")::text), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 29, 4) THEN 'note' END, CASE WHEN int4send(coalesce(hashtext((t."origin")::text), 0)) <> substr(coalesce(m.target_columns, m.source_columns), 33, 4) THEN 'origin' END]::text[] ELSE '{}' END END || ARRAY[CASE WHEN (w.kind = 'insert' OR w.linked) AND NOT (t."phone"::text IS NOT DISTINCT FROM NULL) THEN 'phone' END]::text[], NULL) AS columns
     FROM pg_temp.undo_2 w LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true CROSS JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t
     WHERE w.verdict IN ('edited', 'later operation') AND w.kind IN ('insert', 'update')) x WHERE u.k = x.k;

-- keepRows
INSERT INTO portage.kept_rows (rollback_no, entity_id, legacy_key, target_key, operation_no, reason, columns, later_no, detail)
   SELECT 8, 2, w.k::text, w.target_uuid::text, 7, w.verdict, coalesce(w.columns, '{}'), CASE WHEN w.verdict IN ('later operation', 'deleted') THEN w.later_no END, w.detail
   FROM pg_temp.undo_2 w WHERE w.verdict IS NOT NULL ON CONFLICT DO NOTHING;

-- restoreWaiting
DELETE FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name IN ('office_id', 'boss_id') AND p.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.kind <> 'none' AND w.linked IS NULL));
DELETE FROM portage.pending_references p USING pg_temp.undo_2 w WHERE p.entity_id = 2 AND p.column_name IN ('office_id', 'boss_id') AND w.verdict IS NULL AND w.linked AND p.legacy_key = w.k::text AND w.waiting ? p.column_name;
INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
     SELECT 2, c.name, w.k::text, c.parent, 8 FROM pg_temp.undo_2 w CROSS JOIN LATERAL jsonb_each_text(w.waiting) AS c (name, parent)
     WHERE w.verdict IS NULL AND w.waiting IS NOT NULL AND c.parent IS NOT NULL ON CONFLICT (entity_id, column_name, legacy_key) DO UPDATE SET parent_key = excluded.parent_key;

-- restoreFindings
UPDATE portage.data_differentials d SET resolved = true, resolved_by = 'rolled_back', resolved_at = now()
   WHERE d.entity_id = 2 AND NOT d.resolved AND d.operation_no = 7 AND d.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.forget));
UPDATE portage.data_differentials d SET resolved = false, resolved_by = NULL, resolved_at = NULL
   WHERE d.entity_id = 2 AND d.resolved AND d.resolved_at = ANY (ARRAY(SELECT DISTINCT w.written_at FROM pg_temp.undo_2 w)) AND d.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND true)) AND d.resolved_by <> 'rolled_back'
     AND NOT EXISTS (SELECT FROM portage.data_differentials o WHERE o.entity_id = d.entity_id AND o.legacy_key = d.legacy_key AND o.comparison_type = d.comparison_type AND NOT o.resolved);
UPDATE portage.set_aside_rows a SET state = 'open'
   WHERE a.entity_id = 2 AND a.state = 'written' AND a.last_seen = ANY (ARRAY(SELECT DISTINCT w.written_at FROM pg_temp.undo_2 w)) AND a.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.undo_2 w WHERE w.verdict IS NULL AND w.forget));

-- countUndone
SELECT count(*) AS read, count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'insert') AS deleted,
     count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'update' AND w.linked IS NULL AND (m.origin IS DISTINCT FROM 'i' OR m.operation_no <> ALL ($1::int[]))) AS updated,
     count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'delete') AS inserted, count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'none' AND w.forget) AS adopted,
     count(*) FILTER (WHERE w.verdict IS NULL AND w.kind = 'none' AND NOT w.forget) AS unchanged, count(*) FILTER (WHERE w.verdict IS NOT NULL) AS kept
   FROM pg_temp.undo_2 w LEFT JOIN LATERAL (SELECT true AS there, m.operation_no, m.origin, m.closed_by, m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k OFFSET 0) m ON true;
