-- copyOut
COPY (SELECT q.k, hashint8extended(0, hash_record_extended(row(q.k, (q.c0), (q.c1) COLLATE "C", (q.c2)::text COLLATE "C", q.r3, q.r4, q.c5 COLLATE "C", (q.c6)::text COLLATE "C", q.c7 COLLATE "C"), 0)), q.c0, q.c1, q.c2, q.r3, q.r4, q.c5, q.c6, q.c7, q.c9 FROM (SELECT (s."doc_no")::bigint AS k, (s."doc_no")::pg_catalog."int4" AS c0, (btrim(s.doc_nm))::pg_catalog."varchar" AS c1, (s."fee")::pg_catalog."numeric" AS c2, ((s."office_no")::pg_catalog."int4")::bigint AS r3, ((s."boss_no")::pg_catalog."int4")::bigint AS r4, (s."email")::pg_catalog."text" AS c5, (s."code")::pg_catalog."bpchar" AS c6, (s."note")::pg_catalog."text" AS c7, (now())::pg_catalog."timestamptz" AS c9 FROM (SELECT s.* FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" > '10'::bigint AND s."doc_no" <= '20'::bigint ORDER BY s."doc_no" LIMIT 5000) AS s OFFSET 0) AS q) TO STDOUT;

-- copyOut by keys
COPY (SELECT q.k, hashint8extended(0, hash_record_extended(row(q.k, (q.c0), (q.c1) COLLATE "C", (q.c2)::text COLLATE "C", q.r3, q.r4, q.c5 COLLATE "C", (q.c6)::text COLLATE "C", q.c7 COLLATE "C"), 0)), q.c0, q.c1, q.c2, q.r3, q.r4, q.c5, q.c6, q.c7, q.c9 FROM (SELECT (s."doc_no")::bigint AS k, (s."doc_no")::pg_catalog."int4" AS c0, (btrim(s.doc_nm))::pg_catalog."varchar" AS c1, (s."fee")::pg_catalog."numeric" AS c2, ((s."office_no")::pg_catalog."int4")::bigint AS r3, ((s."boss_no")::pg_catalog."int4")::bigint AS r4, (s."email")::pg_catalog."text" AS c5, (s."code")::pg_catalog."bpchar" AS c6, (s."note")::pg_catalog."text" AS c7, (now())::pg_catalog."timestamptz" AS c9 FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" IN ('3'::bigint, '5'::bigint) OFFSET 0) AS q) TO STDOUT;

-- copyOutWithParents
COPY (SELECT q.k, hashint8extended(0, hash_record_extended(row(q.k, (q.c0), (q.c1) COLLATE "C", (q.c2)::text COLLATE "C", q.r3, q.r4, q.c5 COLLATE "C", (q.c6)::text COLLATE "C", q.c7 COLLATE "C"), 0)), q.c0, q.c1, q.c2, q.r3, q.r4, q.c5, q.c6, q.c7, q.c9, q.p0, q.p1 FROM (SELECT (s."doc_no")::bigint AS k, (s."doc_no")::pg_catalog."int4" AS c0, (btrim(s.doc_nm))::pg_catalog."varchar" AS c1, (s."fee")::pg_catalog."numeric" AS c2, ((s."office_no")::pg_catalog."int4")::bigint AS r3, ((s."boss_no")::pg_catalog."int4")::bigint AS r4, (s."email")::pg_catalog."text" AS c5, (s."code")::pg_catalog."bpchar" AS c6, (s."note")::pg_catalog."text" AS c7, (now())::pg_catalog."timestamptz" AS c9, EXISTS (SELECT FROM (SELECT * FROM "public"."office" AS s) AS p WHERE ((p."office_no")::pg_catalog."int4")::bigint = ((s."office_no")::pg_catalog."int4")::bigint) AS p0, EXISTS (SELECT FROM (SELECT * FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip')) AS p WHERE ((p."doc_no")::pg_catalog."int4")::bigint = ((s."boss_no")::pg_catalog."int4")::bigint) AS p1 FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" > '10'::bigint AND s."doc_no" <= '20'::bigint OFFSET 0) AS q) TO STDOUT;

-- sourceSums
SELECT width_bucket(q.k, ARRAY['13'::bigint, '16'::bigint]) AS bucket, count(*) AS rows, sum(hashint8extended(0, hash_record_extended(row(q.k, (q.c0), (q.c1) COLLATE "C", (q.c2)::text COLLATE "C", q.r3, q.r4, q.c5 COLLATE "C", (q.c6)::text COLLATE "C", q.c7 COLLATE "C"), 0))) AS hashes FROM (SELECT (s."doc_no")::bigint AS k, (s."doc_no")::pg_catalog."int4" AS c0, (btrim(s.doc_nm))::pg_catalog."varchar" AS c1, (s."fee")::pg_catalog."numeric" AS c2, ((s."office_no")::pg_catalog."int4")::bigint AS r3, ((s."boss_no")::pg_catalog."int4")::bigint AS r4, (s."email")::pg_catalog."text" AS c5, (s."code")::pg_catalog."bpchar" AS c6, (s."note")::pg_catalog."text" AS c7, (now())::pg_catalog."timestamptz" AS c9 FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" > '10'::bigint AND s."doc_no" <= '20'::bigint) AS q GROUP BY 1;

-- everyNthKey
SELECT b.k::text AS key FROM (SELECT s."doc_no" AS k, row_number() OVER (ORDER BY s."doc_no") AS n FROM "public"."doctor" AS s
    WHERE (s.doc_nm <> 'skip') AND s."doc_no" > '10'::bigint AND s."doc_no" <= '20'::bigint) AS b WHERE b.n % 500 = 0 ORDER BY b.k;

-- countRows
SELECT count(*) AS rows FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip');

-- firstKey
SELECT s."doc_no"::text AS key FROM (SELECT s.* FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" > '10'::bigint AND s."doc_no" <= '20'::bigint ORDER BY s."doc_no" LIMIT 1) AS s;

-- duplicateKeys
SELECT s."doc_no"::text AS key, count(*) AS rows FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') GROUP BY s."doc_no" HAVING count(*) > 1;

-- nullKeys
SELECT count(*) AS rows FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND (false);

-- countKeys
SELECT s."doc_no"::text AS key, count(*) AS rows FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" IN ('3'::bigint, '5'::bigint) GROUP BY s."doc_no";

-- fingerprints
SELECT s."doc_no"::text AS key, sum(hashint8extended(hashtextextended(jsonb_strip_nulls(to_jsonb(s))::text, 0), 0))::text AS hash FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND s."doc_no" IN ('3'::bigint, '5'::bigint) GROUP BY s."doc_no";

-- nullFingerprint
SELECT sum(hashint8extended(hashtextextended(jsonb_strip_nulls(to_jsonb(s))::text, 0), 0))::text AS hash FROM "public"."doctor" AS s WHERE (s.doc_nm <> 'skip') AND (false);
