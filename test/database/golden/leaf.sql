-- leafHasRows
SELECT (count(*) > 0)::text AS present FROM (SELECT FROM portage.uuid_mappings_2 m WHERE m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint ORDER BY m.legacy_id LIMIT 1) m;

-- leafTotals
SELECT count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased, sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes
   FROM portage.uuid_mappings_2 m WHERE m.closed_by IS NULL;

-- targetTotals
SELECT count(*) AS rows, sum(hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11))) AS hashes FROM "public"."doctors" t WHERE t."legacy_id" IS NOT NULL;

-- basedSums
SELECT width_bucket(m.legacy_id, ARRAY['13'::bigint, '16'::bigint]) AS bucket, count(*) AS rows, sum(m.source_hash) AS source_hashes FROM portage.uuid_mappings_2 m
   WHERE m.closed_by IS NULL AND m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint GROUP BY 1;

-- mappedSums
SELECT width_bucket(m.k, ARRAY['13'::bigint, '16'::bigint]) AS bucket, count(*) AS rows, count(*) FILTER (WHERE m.source_hash IS NULL OR m.target_hash IS NULL) AS unbased,
     sum(m.source_hash) AS source_hashes, sum(m.target_hash) AS target_hashes, count(m.now) AS target_rows, sum(m.now) AS target_now
   FROM (SELECT m.legacy_id AS k, m.source_hash, m.target_hash, t."#now" AS now FROM portage.uuid_mappings_2 m LEFT JOIN (SELECT t."id", hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."name") COLLATE "C", 3), -3) # coalesce(hash_numeric_extended((t."fee"), 4), -4) # coalesce(hashint4extended(coalesce(CASE WHEN (t."fee") < 0 THEN -1 - scale((t."fee")) ELSE scale((t."fee")) END, hashtext((t."fee")::text)), 5), -5) # coalesce(uuid_hash_extended((t."office_id"), 6), -6) # coalesce(uuid_hash_extended((t."boss_id"), 7), -7) # coalesce(hashtextextended((t."email") COLLATE "C", 8), -8) # coalesce(hashtextextended((t."code")::text COLLATE "C", 9), -9) # coalesce(hashtextextended((t."note") COLLATE "C", 10), -10) # coalesce(hashtextextended((t."origin") COLLATE "C", 11), -11)) AS "#now" FROM "public"."doctors" t WHERE t."legacy_id" > '10'::bigint AND t."legacy_id" <= '20'::bigint OFFSET 0) t ON t."id" = m.target_uuid
     WHERE m.closed_by IS NULL AND m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint OFFSET 0) m GROUP BY 1;
