-- unmappedParents
SELECT DISTINCT g.r3::text AS key FROM pg_temp.stage_2 g
   WHERE g.r3 IS NOT NULL AND NOT EXISTS (SELECT FROM portage.uuid_mappings_1 p WHERE p.legacy_id = g.r3);

-- unmappedPending
SELECT DISTINCT w.parent_key AS key FROM portage.pending_references w
    WHERE w.entity_id = 2 AND w.column_name = 'office_id' AND ($2::text IS NULL OR w.parent_key > $2)
      AND NOT EXISTS (SELECT FROM portage.uuid_mappings_1 p WHERE p.legacy_id = w.parent_key::bigint) ORDER BY 1 LIMIT $1;

-- presentKeys
SELECT DISTINCT s."doc_no"::text AS key FROM "public"."doctor" AS s
   WHERE (s.doc_nm <> 'skip') AND s."doc_no" IN ('3'::bigint, '5'::bigint);

-- parkParents
INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT 2, k.key, 'came after its entity was read; ' || $2 || ' refers to it', 7 FROM unnest($1::text[]) AS k (key)
   ON CONFLICT (entity_id, legacy_key) DO NOTHING;

-- notSetAside
SELECT k.key FROM unnest($1::text[]) AS k (key) WHERE NOT EXISTS
     (SELECT FROM portage.set_aside_rows a WHERE a.entity_id = 2 AND a.legacy_key = k.key AND a.operation_no = 7 AND a.state IN ('open', 'ignored'));

-- lockForReplace
LOCK TABLE "public"."doctors" IN EXCLUSIVE MODE;

-- replaceable
SELECT (c.relkind = 'r' AND has_table_privilege(c.oid, 'DELETE')
       AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal AND tgenabled <> 'D') AND NOT EXISTS (SELECT FROM pg_rewrite WHERE ev_class = c.oid)
       AND NOT EXISTS (SELECT FROM pg_constraint WHERE contype = 'f' AND confrelid = c.oid AND confdeltype NOT IN ('a', 'r')))::text AS may,
     (SELECT json_agg(a.attname ORDER BY a.attnum) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
   FROM pg_class c WHERE c.oid = '"public"."doctors"'::regclass;

-- replaceRows
WITH gone AS (
      DELETE FROM "public"."doctors" AS t USING pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k
      WHERE w.action = 'update' AND t."id" = w.target_uuid RETURNING w.target_uuid AS portage_key, t."id" AS n0, g.c0::integer AS n1, g.c7::text AS n2, t."phone" AS n3
    ), written AS (
      INSERT INTO "public"."doctors" AS t ("id", "legacy_id", "note", "phone") OVERRIDING SYSTEM VALUE
      SELECT x.n0, x.n1, x.n2, x.n3 FROM gone x ORDER BY x.portage_key RETURNING hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written;
