-- parkTaken
UPDATE pg_temp.work_2 u SET action = 'park', taken = 'doctors_legacy_id_key' FROM (
     WITH want AS MATERIALIZED (SELECT w.k, w.action, w.target_uuid AS own, e.* FROM (SELECT w.* FROM pg_temp.work_2 w WHERE w.action IN ('insert', 'again', 'update')) w JOIN pg_temp.stage_2 g ON g.k = w.k
       LEFT JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE w.action = 'update' AND t."id" = w.target_uuid) o ON true
       CROSS JOIN LATERAL (SELECT legacy_id AS e0 FROM (SELECT (w.target_uuid) AS "id", (g.c0::integer) AS "legacy_id", (g.c1) AS "name", (g.c2::numeric) AS "fee", (w.r3) AS "office_id", (w.r4) AS "boss_id", (g.c5::text) AS "email", (g.c6) AS "code", (g.c7::text) AS "note", ('surgery'::text::text) AS "origin", (CASE WHEN w.action = 'update' THEN o."created_at" ELSE g.c9::timestamp with time zone END) AS "created_at", (o."phone") AS "phone" OFFSET 0) x WHERE legacy_id IS NOT NULL) e)
     SELECT n.k FROM want n WHERE EXISTS (SELECT FROM want r WHERE r.k < n.k AND r.e0 OPERATOR(pg_catalog.=) n.e0)
     UNION SELECT n.k FROM want n CROSS JOIN LATERAL (SELECT (t."id") AS key FROM "public"."doctors" t WHERE legacy_id OPERATOR(pg_catalog.=) n.e0 AND NOT (n.action = 'update' AND (t."id") = n.own)) f) x
   WHERE u.k = x.k AND u.action IN ('insert', 'again', 'update');

-- claims
WITH want AS MATERIALIZED (SELECT w.k, w.action, w.target_uuid AS own, e.* FROM (SELECT w.* FROM pg_temp.work_2 w WHERE w.action IN ('insert', 'again', 'update')) w JOIN pg_temp.stage_2 g ON g.k = w.k
       LEFT JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE w.action = 'update' AND t."id" = w.target_uuid) o ON true
       CROSS JOIN LATERAL (SELECT legacy_id AS e0 FROM (SELECT (w.target_uuid) AS "id", (g.c0::integer) AS "legacy_id", (g.c1) AS "name", (g.c2::numeric) AS "fee", (w.r3) AS "office_id", (w.r4) AS "boss_id", (g.c5::text) AS "email", (g.c6) AS "code", (g.c7::text) AS "note", ('surgery'::text::text) AS "origin", (CASE WHEN w.action = 'update' THEN o."created_at" ELSE g.c9::timestamp with time zone END) AS "created_at", (o."phone") AS "phone" OFFSET 0) x WHERE legacy_id IS NOT NULL) e)
   SELECT n.k::text AS key, CASE WHEN NOT coalesce(x.e0 OPERATOR(pg_catalog.=) n.e0, false) THEN u.k::text END AS holder, u.k::text AS by, f.key::text AS held
   FROM want n CROSS JOIN LATERAL (SELECT (t."id") AS key FROM "public"."doctors" t WHERE legacy_id OPERATOR(pg_catalog.=) n.e0 AND NOT (n.action = 'update' AND (t."id") = n.own)) f
   LEFT JOIN pg_temp.work_2 u ON u.target_uuid = f.key AND u.action = 'update' LEFT JOIN want x ON x.k = u.k;

-- rivals
WITH want AS MATERIALIZED (SELECT w.k, w.action, w.target_uuid AS own, e.* FROM (SELECT w.* FROM pg_temp.work_2 w WHERE w.action IN ('insert', 'again', 'update')) w JOIN pg_temp.stage_2 g ON g.k = w.k
       LEFT JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE w.action = 'update' AND t."id" = w.target_uuid) o ON true
       CROSS JOIN LATERAL (SELECT legacy_id AS e0 FROM (SELECT (w.target_uuid) AS "id", (g.c0::integer) AS "legacy_id", (g.c1) AS "name", (g.c2::numeric) AS "fee", (w.r3) AS "office_id", (w.r4) AS "boss_id", (g.c5::text) AS "email", (g.c6) AS "code", (g.c7::text) AS "note", ('surgery'::text::text) AS "origin", (CASE WHEN w.action = 'update' THEN o."created_at" ELSE g.c9::timestamp with time zone END) AS "created_at", (o."phone") AS "phone" OFFSET 0) x WHERE legacy_id IS NOT NULL) e) SELECT json_agg(n.k::text ORDER BY n.k) AS keys FROM want n GROUP BY n.e0 HAVING count(*) > 1;
WITH want AS MATERIALIZED (SELECT w.k, w.action, w.target_uuid AS own, e.* FROM (SELECT w.* FROM pg_temp.work_2 w WHERE w.action IN ('insert', 'again', 'update')) w JOIN pg_temp.stage_2 g ON g.k = w.k
       LEFT JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE w.action = 'update' AND t."id" = w.target_uuid) o ON true
       CROSS JOIN LATERAL (SELECT legacy_id AS e0 FROM (SELECT (w.target_uuid) AS "id", (g.c0::integer) AS "legacy_id", (g.c1) AS "name", (g.c2::numeric) AS "fee", (w.r3) AS "office_id", (w.r4) AS "boss_id", (g.c5::text) AS "email", (g.c6) AS "code", (g.c7::text) AS "note", ('surgery'::text::text) AS "origin", (CASE WHEN w.action = 'update' THEN o."created_at" ELSE g.c9::timestamp with time zone END) AS "created_at", (o."phone") AS "phone" OFFSET 0) x WHERE legacy_id IS NOT NULL) e) SELECT json_build_array(r.k::text, n.k::text) AS keys FROM want n JOIN want r ON r.k < n.k AND r.e0 OPERATOR(pg_catalog.=) n.e0;

-- ownersOf
SELECT m.target_uuid::text AS held, m.legacy_id::text AS by, EXISTS (SELECT FROM portage.parked_rows p WHERE p.entity_id = 2 AND p.legacy_key = m.legacy_id::text)::text AS parked
   FROM portage.uuid_mappings_2 m WHERE m.closed_by IS NULL AND m.target_uuid = ANY ($1::uuid[]);

-- refuseTaken
UPDATE pg_temp.work_2 w SET action = 'set_aside', code = NULL, missing = NULL, taken = x.why, taken_columns = x.columns FROM unnest($1::text[], $2::text[], $3::text[]) AS x (k, why, columns) WHERE w.k::text = x.k;
DELETE FROM pg_temp.work_2 WHERE taken IS NULL;

-- takers
WITH want AS MATERIALIZED (SELECT w.k, w.action, w.target_uuid AS own, e.* FROM pg_temp.stage_2 g LEFT JOIN portage.uuid_mappings_2 m ON m.legacy_id = g.k CROSS JOIN LATERAL (SELECT g.k, CASE WHEN m.entity_id IS NULL THEN 'insert' ELSE 'update' END AS action, m.target_uuid, m.target_key, NULL::text[] AS missing, (SELECT p.target_uuid FROM portage.uuid_mappings_1 p WHERE p.legacy_id = g.r3 AND p.closed_by IS NULL) AS r3, (SELECT p.target_uuid FROM portage.uuid_mappings_2 p WHERE p.legacy_id = g.r4 AND p.closed_by IS NULL) AS r4 OFFSET 0) w
       LEFT JOIN LATERAL (SELECT t.* FROM "public"."doctors" t WHERE w.action = 'update' AND t."id" = w.target_uuid) o ON true
       CROSS JOIN LATERAL (SELECT legacy_id AS e0 FROM (SELECT (w.target_uuid) AS "id", (g.c0::integer) AS "legacy_id", (g.c1) AS "name", (g.c2::numeric) AS "fee", (w.r3) AS "office_id", (w.r4) AS "boss_id", (g.c5::text) AS "email", (g.c6) AS "code", (g.c7::text) AS "note", ('surgery'::text::text) AS "origin", (CASE WHEN w.action = 'update' THEN o."created_at" ELSE g.c9::timestamp with time zone END) AS "created_at", (o."phone") AS "phone" OFFSET 0) x WHERE legacy_id IS NOT NULL) e)
   SELECT n.k::text AS taker, s.k::text AS holder FROM want n CROSS JOIN LATERAL (SELECT (t."id") AS key FROM "public"."doctors" t WHERE legacy_id OPERATOR(pg_catalog.=) n.e0 AND NOT (n.action = 'update' AND (t."id") = n.own)) f
   JOIN portage.uuid_mappings_2 m ON m.target_uuid = f.key JOIN pg_temp.stage_2 s ON s.k = m.legacy_id;
