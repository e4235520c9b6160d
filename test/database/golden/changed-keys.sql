-- copyHashes
COPY (SELECT q.k, hashint8extended(0, coalesce(hashint8extended(q.k, 1), -1) # coalesce(hashint8extended((q.k >> 32), 2), -2) # coalesce(hashint4extended((q.c0), 3), -3) # coalesce(hashtextextended((q.c1)::text COLLATE "C", 4), -4)) FROM (SELECT (s."bed_no")::bigint AS k, (s."bed_no")::pg_catalog."int4" AS c0, ((100 / (s.bed_no - 10000))::text || s.ward)::pg_catalog."text" AS c1 FROM "public"."bed" AS s WHERE s."bed_no" > '10'::bigint AND s."bed_no" <= '20'::bigint) AS q) TO STDOUT (FORMAT binary);

-- createChanged
CREATE TEMP TABLE IF NOT EXISTS seen_1 (k bigint NOT NULL, h bigint NOT NULL);
   CREATE TEMP TABLE IF NOT EXISTS changed_1 (k bigint PRIMARY KEY, seen boolean NOT NULL);

-- copyHashesIn
COPY pg_temp.seen_1 (k, h) FROM STDIN (FORMAT binary);

-- findChanged
WITH found AS (
   INSERT INTO pg_temp.changed_1 (k, seen)
   SELECT coalesce(s.k, m.k), s.k IS NOT NULL
   FROM (SELECT m.legacy_id AS k, m.closed_by IS NOT NULL AS closed, m.source_hash, m.target_hash, t."#now" AS now FROM portage.uuid_mappings_1 m LEFT JOIN (SELECT t."id", hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."ward") COLLATE "C", 3), -3)) AS "#now" FROM "public"."beds" t WHERE t."legacy_id" > '10'::bigint AND t."legacy_id" <= '20'::bigint OFFSET 0) t ON t."id" = m.target_uuid
     WHERE m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint) m
   FULL JOIN pg_temp.seen_1 s ON s.k = m.k
   WHERE CASE WHEN m.k IS NULL THEN true WHEN s.k IS NULL THEN NOT m.closed ELSE m.closed OR s.h IS DISTINCT FROM m.source_hash OR m.now IS DISTINCT FROM m.target_hash END
   RETURNING seen) SELECT count(*) AS changed, count(*) FILTER (WHERE seen) AS present FROM found;

-- findChanged where the target is untouched
WITH found AS (
   INSERT INTO pg_temp.changed_1 (k, seen)
   SELECT coalesce(s.k, m.k), s.k IS NOT NULL
   FROM (SELECT m.legacy_id AS k, m.closed_by IS NOT NULL AS closed, m.source_hash FROM portage.uuid_mappings_1 m
     WHERE m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint) m
   FULL JOIN pg_temp.seen_1 s ON s.k = m.k
   WHERE CASE WHEN m.k IS NULL THEN true WHEN s.k IS NULL THEN NOT m.closed ELSE m.closed OR s.h IS DISTINCT FROM m.source_hash END
   RETURNING seen) SELECT count(*) AS changed, count(*) FILTER (WHERE seen) AS present FROM found;

-- nextChanged
SELECT c.k::text AS key FROM pg_temp.changed_1 c WHERE c.k > '10'::bigint AND c.k <= '20'::bigint ORDER BY c.k LIMIT 2000;

-- countPassed
SELECT (SELECT count(*) FROM pg_temp.seen_1 s WHERE s.k > '10'::bigint AND s.k <= '20'::bigint)
     - (SELECT count(*) FROM pg_temp.changed_1 c WHERE c.seen AND c.k > '10'::bigint AND c.k <= '20'::bigint) AS rows;

-- gatherVanished among them
INSERT INTO pg_temp.work_1 (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key)
   SELECT m.legacy_id, CASE WHEN t.h IS NULL THEN 'close' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'conflict' ELSE 'deleted' END, true, false, true,
     CASE WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'changed' ELSE 'same' END, m.target_hash IS NOT NULL, m.target_uuid, m.target_key
   FROM (SELECT m.* FROM pg_temp.changed_1 c CROSS JOIN LATERAL (SELECT m.* FROM portage.uuid_mappings_1 m WHERE m.legacy_id = c.k OFFSET 0) m WHERE m.closed_by IS NULL AND m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint AND NOT EXISTS (SELECT FROM pg_temp.stage_1 g WHERE g.k = m.legacy_id) OFFSET 0) m
   LEFT JOIN LATERAL (SELECT hashint8extended(0, coalesce(uuid_hash_extended((t."id"), 1), -1) # coalesce(hashint4extended((t."legacy_id"), 2), -2) # coalesce(hashtextextended((t."ward") COLLATE "C", 3), -3)) AS h FROM "public"."beds" t WHERE t."id" = m.target_uuid OFFSET 0) t ON true;
