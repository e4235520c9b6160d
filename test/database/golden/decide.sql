-- gather
INSERT INTO pg_temp.work_2 (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key, code, missing, r3, r4)
    SELECT g.k, CASE WHEN m.k IS NULL THEN CASE WHEN x.missing && ARRAY['office_id']::text[] THEN 'park' ELSE 'insert' END
         WHEN m.closed THEN 'reappeared' WHEN x.missing && ARRAY['office_id', 'boss_id']::text[] AND g.h IS DISTINCT FROM m.source_hash THEN 'park' ELSE 'judge' END,
       m.k IS NOT NULL, true, m.k IS NULL OR m.closed OR g.h IS DISTINCT FROM m.source_hash,
       CASE WHEN m.k IS NULL THEN NULL WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'changed' ELSE 'same' END,
       m.source_hash IS NOT NULL AND m.target_hash IS NOT NULL, w.target_uuid, NULL::text, CASE WHEN x.missing IS NOT NULL THEN 'M003' END, x.missing, w.r3, w.r4
    FROM pg_temp.stage_2 g LEFT JOIN LATERAL (SELECT m.legacy_id AS k, m.closed_by IS NOT NULL AS closed, m.source_hash, m.target_hash, m.target_uuid, m.target_key FROM portage.uuid_mappings_2 m WHERE m.legacy_id = g.k) m ON true
      LEFT JOIN LATERAL (SELECT hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h FROM "public"."doctors" t WHERE t."id" = m.target_uuid) t ON m.k IS NOT NULL
    CROSS JOIN LATERAL (SELECT coalesce(m.target_uuid, (SELECT encode(set_byte(set_byte(substr(b.h, 1, 16), 6, get_byte(b.h, 6) & 15 | 128), 8, get_byte(b.h, 8) & 63 | 128), 'hex')::uuid FROM (SELECT sha256(convert_to('surgery' || chr(31) || 'doctors' || chr(31) || g.k::text, 'UTF8')) AS h OFFSET 0) AS b)) AS target_uuid, (SELECT p.target_uuid FROM portage.uuid_mappings_1 p WHERE p.legacy_id = g.r3 AND p.closed_by IS NULL) AS r3, (SELECT p.target_uuid FROM portage.uuid_mappings_2 p WHERE p.legacy_id = g.r4 AND p.closed_by IS NULL) AS r4 OFFSET 0) w
    CROSS JOIN LATERAL (SELECT nullif(array_remove(ARRAY[CASE WHEN g.r3 IS NOT NULL AND w.r3 IS NULL THEN 'office_id' END, CASE WHEN g.r4 IS NOT NULL AND w.r4 IS NULL THEN 'boss_id' END], NULL), '{}') AS missing OFFSET 0) x
    WHERE g.k > '10'::bigint AND g.k <= '20'::bigint AND (m.k IS NULL OR m.closed OR g.h IS DISTINCT FROM m.source_hash OR t.h IS DISTINCT FROM m.target_hash);

-- gather where nothing is mapped
INSERT INTO pg_temp.work_2 (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key, code, missing, r3, r4)
    SELECT g.k, CASE WHEN x.missing && ARRAY['office_id']::text[] THEN 'park' ELSE 'insert' END, false, true, true, NULL::text, false, w.target_uuid, NULL::text, CASE WHEN x.missing IS NOT NULL THEN 'M003' END, x.missing, w.r3, w.r4
    FROM pg_temp.stage_2 g 
    CROSS JOIN LATERAL (SELECT (SELECT encode(set_byte(set_byte(substr(b.h, 1, 16), 6, get_byte(b.h, 6) & 15 | 128), 8, get_byte(b.h, 8) & 63 | 128), 'hex')::uuid FROM (SELECT sha256(convert_to('surgery' || chr(31) || 'doctors' || chr(31) || g.k::text, 'UTF8')) AS h OFFSET 0) AS b) AS target_uuid, (SELECT p.target_uuid FROM portage.uuid_mappings_1 p WHERE p.legacy_id = g.r3 AND p.closed_by IS NULL) AS r3, (SELECT p.target_uuid FROM portage.uuid_mappings_2 p WHERE p.legacy_id = g.r4 AND p.closed_by IS NULL) AS r4 OFFSET 0) w
    CROSS JOIN LATERAL (SELECT nullif(array_remove(ARRAY[CASE WHEN g.r3 IS NOT NULL AND w.r3 IS NULL THEN 'office_id' END, CASE WHEN g.r4 IS NOT NULL AND w.r4 IS NULL THEN 'boss_id' END], NULL), '{}') AS missing OFFSET 0) x
    WHERE g.k > '10'::bigint AND g.k <= '20'::bigint;

-- gatherVanished
INSERT INTO pg_temp.work_2 (k, action, known, in_source, source_changed, target_state, based, target_uuid, target_key)
   SELECT m.legacy_id, CASE WHEN t.h IS NULL THEN 'close' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'conflict' ELSE 'deleted' END, true, false, true,
     CASE WHEN t.h IS NULL THEN 'absent' WHEN t.h IS DISTINCT FROM m.target_hash THEN 'changed' ELSE 'same' END, m.target_hash IS NOT NULL, m.target_uuid, m.target_key
   FROM portage.uuid_mappings_2 m LEFT JOIN LATERAL (SELECT hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h FROM "public"."doctors" t WHERE t."id" = m.target_uuid) t ON true
   WHERE m.closed_by IS NULL AND m.legacy_id > '10'::bigint AND m.legacy_id <= '20'::bigint AND NOT EXISTS (SELECT FROM pg_temp.stage_2 g WHERE g.k = m.legacy_id);

-- findByIdentity
UPDATE pg_temp.work_2 u SET action = CASE WHEN f.rows > 1 OR f.mapped THEN 'set_aside' ELSE 'adopt' END,
             code = CASE WHEN f.rows > 1 OR f.mapped THEN 'M004' END, target_uuid = CASE WHEN f.rows > 1 OR f.mapped THEN u.target_uuid ELSE f.key END
           FROM (SELECT w.k, count(*) AS rows, bool_or(EXISTS (SELECT FROM portage.uuid_mappings_2 m WHERE m.target_uuid = f.key)) AS mapped, (array_agg(f.key))[1] AS key FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k CROSS JOIN LATERAL (SELECT (t."id") AS key FROM "public"."doctors" t WHERE t."legacy_id" = g.c0::integer OFFSET 0) f WHERE w.action = 'insert' GROUP BY w.k) f
           WHERE u.k = f.k AND u.action = 'insert';
UPDATE pg_temp.work_2 w SET action = 'set_aside', code = 'M004' WHERE w.action = 'insert' AND EXISTS (SELECT FROM "public"."doctors" t WHERE t."id" = w.target_uuid);

-- lockRows
SELECT count(*) AS locked FROM (SELECT w.* FROM pg_temp.work_2 w WHERE w.action IN ('judge', 'adopt') AND w.target_state IS DISTINCT FROM 'absent'
     AND (w.action = 'adopt' OR w.source_changed OR NOT w.based) ORDER BY w.target_uuid) w
   CROSS JOIN LATERAL (SELECT 1 FROM "public"."doctors" t WHERE t."id" = w.target_uuid FOR UPDATE) l;

-- judge
UPDATE pg_temp.work_2 u SET equal = n.equal, target_state = CASE WHEN n.h IS NULL THEN 'absent' WHEN n.h IS DISTINCT FROM n.base THEN 'changed' ELSE 'same' END, action = n.action
    FROM (SELECT w.k, n.h, n.base, n.equal, CASE
      WHEN w.action = 'adopt' THEN CASE WHEN coalesce(n.equal, false) THEN 'adopt' ELSE 'adopt_conflict' END
      WHEN n.h IS NULL THEN CASE WHEN w.source_changed THEN 'conflict' ELSE 'missing' END
      WHEN n.equal THEN 'rebase'
      WHEN NOT w.based THEN 'adopted'
      WHEN n.h IS DISTINCT FROM n.base THEN CASE WHEN w.source_changed THEN 'conflict' ELSE 'kept' END
      WHEN w.source_changed THEN 'update' ELSE 'none' END AS action FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.h, t.equal, (SELECT m.target_hash FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) AS base FROM (SELECT 1) one LEFT JOIN LATERAL
        (SELECT hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, (g.c0::integer) IS NOT DISTINCT FROM (t."legacy_id") AND (g.c1) COLLATE "C" IS NOT DISTINCT FROM (t."name") COLLATE "C" AND (g.c2::numeric)::text COLLATE "C" IS NOT DISTINCT FROM (t."fee")::text COLLATE "C" AND (w.r3) IS NOT DISTINCT FROM (t."office_id") AND (w.r4) IS NOT DISTINCT FROM (t."boss_id") AND (g.c5::text) COLLATE "C" IS NOT DISTINCT FROM (t."email") COLLATE "C" AND (g.c6)::text COLLATE "C" IS NOT DISTINCT FROM (t."code")::text COLLATE "C" AND (g.c7::text) COLLATE "C" IS NOT DISTINCT FROM (t."note") COLLATE "C" AND ('surgery'::text::text) COLLATE "C" IS NOT DISTINCT FROM (t."origin") COLLATE "C" AS equal FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.k = n.k AND u.action IN ('judge', 'adopt');

-- judge in full
UPDATE pg_temp.work_2 u SET equal = n.equal, target_state = CASE WHEN n.h IS NULL THEN 'absent' WHEN n.h IS DISTINCT FROM n.base THEN 'changed' ELSE 'same' END, action = n.action
    FROM (SELECT w.k, n.h, n.base, n.equal, CASE
      WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' ELSE 'adopt_update' END
      WHEN n.h IS NULL THEN 'again'
      WHEN n.equal THEN CASE WHEN w.based AND NOT w.source_changed AND n.h = n.base THEN 'none' ELSE 'rebase' END
      ELSE 'update' END AS action FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.h, t.equal, (SELECT m.target_hash FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) AS base FROM (SELECT 1) one LEFT JOIN LATERAL
        (SELECT hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, (g.c0::integer) IS NOT DISTINCT FROM (t."legacy_id") AND (g.c1) COLLATE "C" IS NOT DISTINCT FROM (t."name") COLLATE "C" AND (g.c2::numeric)::text COLLATE "C" IS NOT DISTINCT FROM (t."fee")::text COLLATE "C" AND (w.r3) IS NOT DISTINCT FROM (t."office_id") AND (w.r4) IS NOT DISTINCT FROM (t."boss_id") AND (g.c5::text) COLLATE "C" IS NOT DISTINCT FROM (t."email") COLLATE "C" AND (g.c6)::text COLLATE "C" IS NOT DISTINCT FROM (t."code")::text COLLATE "C" AND (g.c7::text) COLLATE "C" IS NOT DISTINCT FROM (t."note") COLLATE "C" AND ('surgery'::text::text) COLLATE "C" IS NOT DISTINCT FROM (t."origin") COLLATE "C" AS equal FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.k = n.k AND u.action IN ('judge', 'adopt');

-- judge what is missing
UPDATE pg_temp.work_2 u SET equal = n.equal, target_state = CASE WHEN n.h IS NULL THEN 'absent' WHEN n.h IS DISTINCT FROM n.base THEN 'changed' ELSE 'same' END, action = n.action
    FROM (SELECT w.k, n.h, n.base, n.equal, CASE WHEN w.action = 'adopt' THEN CASE WHEN n.equal THEN 'adopt' ELSE 'adopt_conflict' END WHEN n.h IS NULL THEN 'again' ELSE 'none' END AS action FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k
      CROSS JOIN LATERAL (SELECT t.h, t.equal, (SELECT m.target_hash FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) AS base FROM (SELECT 1) one LEFT JOIN LATERAL
        (SELECT hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, (g.c0::integer) IS NOT DISTINCT FROM (t."legacy_id") AND (g.c1) COLLATE "C" IS NOT DISTINCT FROM (t."name") COLLATE "C" AND (g.c2::numeric)::text COLLATE "C" IS NOT DISTINCT FROM (t."fee")::text COLLATE "C" AND (w.r3) IS NOT DISTINCT FROM (t."office_id") AND (w.r4) IS NOT DISTINCT FROM (t."boss_id") AND (g.c5::text) COLLATE "C" IS NOT DISTINCT FROM (t."email") COLLATE "C" AND (g.c6)::text COLLATE "C" IS NOT DISTINCT FROM (t."code")::text COLLATE "C" AND (g.c7::text) COLLATE "C" IS NOT DISTINCT FROM (t."note") COLLATE "C" AND ('surgery'::text::text) COLLATE "C" IS NOT DISTINCT FROM (t."origin") COLLATE "C" AS equal FROM "public"."doctors" t WHERE t."id" = w.target_uuid) t ON true OFFSET 0) n
      WHERE w.action IN ('judge', 'adopt')) n
    WHERE u.k = n.k AND u.action IN ('judge', 'adopt');

-- judgeAgain
UPDATE pg_temp.work_2 SET action = 'judge' WHERE known AND in_source AND equal IS NOT NULL AND action IN ('update', 'rebase');
