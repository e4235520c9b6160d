-- mapInserts
WITH map AS (INSERT INTO portage.uuid_mappings_2 AS m (legacy_id, source_hash, target_hash, target_uuid, entity_id, operation_no, origin, source_columns)
         SELECT w.k, g.h, hashint8extended(hash_record_extended(row(w.target_uuid, (g.c0::integer), (g.c1) COLLATE "C", (g.c2::numeric)::text COLLATE "C", (w.r3), (w.r4), (g.c5::text) COLLATE "C", (g.c6)::text COLLATE "C", (g.c7::text) COLLATE "C", ('surgery'::text::text) COLLATE "C"), 0), 0), w.target_uuid, 2, 7, 'i', int8send((coalesce(hashint8((g.c0::integer)::int8), 0))::int8 << 32 | ((coalesce(hashtext((g.c1)::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((g.c2::numeric)::text), 0))::int8 << 32 | ((coalesce(uuid_hash(w.r3), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(w.r4), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((g.c5::text)::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((g.c6)::text), 0))::int8 << 32 | ((coalesce(hashtext((g.c7::text)::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext(('surgery'::text::text)::text), 0)) FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert') RETURNING m.legacy_id AS k, m.target_uuid AS key, m.target_hash AS h
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, legacy_ids, target_uuids, hashes)
      SELECT 42, 2, 7, array_agg(k), array_agg(key), array_agg(h) FROM map HAVING count(*) > 0
      ON CONFLICT (batch_no, entity_id) DO UPDATE SET legacy_ids = undo_inserts.legacy_ids || excluded.legacy_ids, target_uuids = undo_inserts.target_uuids || excluded.target_uuids, hashes = undo_inserts.hashes || excluded.hashes
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map;

-- mapInserts again
WITH map AS (UPDATE portage.uuid_mappings_2 AS m SET source_hash = g.h, target_hash = hashint8extended(hash_record_extended(row(w.target_uuid, (g.c0::integer), (g.c1) COLLATE "C", (g.c2::numeric)::text COLLATE "C", (w.r3), (w.r4), (g.c5::text) COLLATE "C", (g.c6)::text COLLATE "C", (g.c7::text) COLLATE "C", ('surgery'::text::text) COLLATE "C"), 0), 0), source_columns = int8send((coalesce(hashint8((g.c0::integer)::int8), 0))::int8 << 32 | ((coalesce(hashtext((g.c1)::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((g.c2::numeric)::text), 0))::int8 << 32 | ((coalesce(uuid_hash(w.r3), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(w.r4), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((g.c5::text)::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((g.c6)::text), 0))::int8 << 32 | ((coalesce(hashtext((g.c7::text)::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext(('surgery'::text::text)::text), 0)), target_columns = NULL, closed_by = NULL
         FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('again') AND m.legacy_id = w.k RETURNING m.legacy_id AS k, m.target_uuid AS key, m.target_hash AS h
    ), undo AS (
      INSERT INTO portage.undo_inserts (batch_no, entity_id, operation_no, legacy_ids, target_uuids, hashes)
      SELECT 42, 2, 7, array_agg(k), array_agg(key), array_agg(h) FROM map HAVING count(*) > 0
      ON CONFLICT (batch_no, entity_id) DO UPDATE SET legacy_ids = undo_inserts.legacy_ids || excluded.legacy_ids, target_uuids = undo_inserts.target_uuids || excluded.target_uuids, hashes = undo_inserts.hashes || excluded.hashes
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map;

-- insertRows
WITH written AS (
      INSERT INTO "public"."doctors" AS t ("id", "legacy_id", "name", "fee", "office_id", "boss_id", "email", "code", "note", "origin", "created_at") 
      SELECT w.target_uuid, g.c0::integer, g.c1, g.c2::numeric, w.r3, w.r4, g.c5::text, g.c6, g.c7::text, 'surgery'::text::text, g.c9::timestamp with time zone FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('insert') ORDER BY w.target_uuid
      RETURNING hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written;

-- keepBefore
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns)
    SELECT 42, 2, 7, 'update', w.k::text, coalesce(NULL, w.target_uuid)::text, b.before,
      hashint8extended(hash_record_extended(row(w.target_uuid, (g.c0::integer), (g.c1) COLLATE "C", (g.c2::numeric)::text COLLATE "C", (w.r3), (w.r4), (g.c5::text) COLLATE "C", (g.c6)::text COLLATE "C", (g.c7::text) COLLATE "C", ('surgery'::text::text) COLLATE "C"), 0), 0), m.source_hash, m.target_hash, m.source_columns, m.target_columns
    FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) m
    CROSS JOIN LATERAL (SELECT jsonb_object(ARRAY['legacy_id', 'name', 'fee', 'office_id', 'boss_id', 'email', 'code', 'note', 'origin'], ARRAY[(t."legacy_id")::text, (t."name")::text, (t."fee")::text, (t."office_id")::text, (t."boss_id")::text, (t."email")::text, (t."code")::text, (t."note")::text, (t."origin")::text]) AS before FROM "public"."doctors" t WHERE t."id" = w.target_uuid) b WHERE w.action = 'update';

-- updateRows
WITH written AS (
      UPDATE "public"."doctors" AS t SET "legacy_id" = g.c0::integer, "name" = g.c1, "fee" = g.c2::numeric, "office_id" = w.r3, "boss_id" = w.r4, "email" = g.c5::text, "code" = g.c6, "note" = g.c7::text, "origin" = 'surgery'::text::text
      FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('update') AND t."id" = w.target_uuid
      RETURNING hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM written;

-- mapUpdates
WITH map AS (
      UPDATE portage.uuid_mappings_2 AS m SET source_hash = g.h, target_hash = hashint8extended(hash_record_extended(row(w.target_uuid, (g.c0::integer), (g.c1) COLLATE "C", (g.c2::numeric)::text COLLATE "C", (w.r3), (w.r4), (g.c5::text) COLLATE "C", (g.c6)::text COLLATE "C", (g.c7::text) COLLATE "C", ('surgery'::text::text) COLLATE "C"), 0), 0), source_columns = int8send((coalesce(hashint8((g.c0::integer)::int8), 0))::int8 << 32 | ((coalesce(hashtext((g.c1)::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((g.c2::numeric)::text), 0))::int8 << 32 | ((coalesce(uuid_hash(w.r3), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(w.r4), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((g.c5::text)::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((g.c6)::text), 0))::int8 << 32 | ((coalesce(hashtext((g.c7::text)::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext(('surgery'::text::text)::text), 0)), target_columns = NULL, closed_by = NULL,
        target_uuid = coalesce(NULL, w.target_uuid)
      FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k WHERE w.action IN ('update') AND m.legacy_id = w.k RETURNING m.target_hash AS h
    ) SELECT count(*) AS rows, sum(h) AS hashes FROM map;

-- takeReturned of inserts
UPDATE portage.uuid_mappings_2 AS m SET target_hash = r.h, target_columns = nullif(r.ch, m.source_columns) FROM pg_temp.work_2 w CROSS JOIN LATERAL (SELECT (t."id") AS key, hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, int8send((coalesce(hashint8((t."legacy_id")::int8), 0))::int8 << 32 | ((coalesce(hashtext((t."name")::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((t."fee")::text), 0))::int8 << 32 | ((coalesce(uuid_hash(t."office_id"), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(t."boss_id"), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((t."code")::text), 0))::int8 << 32 | ((coalesce(hashtext((t."note")::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((t."origin")::text), 0)) AS ch FROM "public"."doctors" t WHERE t."id" = w.target_uuid) r WHERE w.action = 'insert' AND m.legacy_id = w.k;
UPDATE portage.undo_inserts u SET legacy_ids = x.k, target_uuids = x.key, hashes = x.h
         FROM (SELECT array_agg(w.k) AS k, array_agg(w.target_uuid) AS key, array_agg(m.target_hash) AS h FROM pg_temp.work_2 w CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) m WHERE w.action IN ('insert', 'again')) x
         WHERE u.batch_no = 42 AND u.entity_id = 2;

-- takeReturned of updates
UPDATE portage.uuid_mappings_2 AS m SET target_hash = r.h, target_columns = nullif(r.ch, m.source_columns) FROM pg_temp.work_2 w CROSS JOIN LATERAL (SELECT (t."id") AS key, hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, int8send((coalesce(hashint8((t."legacy_id")::int8), 0))::int8 << 32 | ((coalesce(hashtext((t."name")::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((t."fee")::text), 0))::int8 << 32 | ((coalesce(uuid_hash(t."office_id"), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(t."boss_id"), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((t."code")::text), 0))::int8 << 32 | ((coalesce(hashtext((t."note")::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((t."origin")::text), 0)) AS ch FROM "public"."doctors" t WHERE t."id" = w.target_uuid) r WHERE w.action = 'update' AND m.legacy_id = w.k;
UPDATE portage.undo_log u SET hash_after = m.target_hash FROM pg_temp.work_2 w CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) m WHERE w.action = 'update' AND u.batch_no = 42 AND u.operation_no = 7 AND u.entity_id = 2 AND u.legacy_key = w.k::text;

-- adoptRows
WITH map AS (
      INSERT INTO portage.uuid_mappings_2 AS m (legacy_id, source_hash, target_hash, target_uuid, entity_id, operation_no, origin, source_columns, target_columns)
      SELECT w.k, CASE WHEN w.action = 'adopt' THEN g.h END, CASE WHEN w.action = 'adopt' THEN r.h END, w.target_uuid, 2, 7, 'a', CASE WHEN w.action = 'adopt' THEN r.ch END, NULL
      FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k CROSS JOIN LATERAL (SELECT (t."id") AS key, hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, int8send((coalesce(hashint8((t."legacy_id")::int8), 0))::int8 << 32 | ((coalesce(hashtext((t."name")::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((t."fee")::text), 0))::int8 << 32 | ((coalesce(uuid_hash(t."office_id"), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(t."boss_id"), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((t."code")::text), 0))::int8 << 32 | ((coalesce(hashtext((t."note")::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((t."origin")::text), 0)) AS ch FROM "public"."doctors" t WHERE t."id" = w.target_uuid) r
      WHERE w.action IN ('adopt', 'adopt_conflict', 'adopt_update') RETURNING m.legacy_id AS k, m.target_uuid AS key, m.target_hash AS h
    )
    INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns)
    SELECT 42, 2, 7, 'adopt', k::text, key::text, NULL, h, NULL, NULL, NULL, NULL FROM map;

-- rebaseRows
INSERT INTO portage.undo_log (batch_no, entity_id, operation_no, action, legacy_key, target_key, before, hash_after, source_hash, target_hash, source_columns, target_columns)
   SELECT 42, 2, 7, 'remap', w.k::text, w.target_uuid::text, NULL, r.h, m.source_hash, m.target_hash, m.source_columns, m.target_columns
   FROM pg_temp.work_2 w CROSS JOIN LATERAL (SELECT m.source_hash, m.target_hash, m.source_columns, m.target_columns FROM portage.uuid_mappings_2 m WHERE m.legacy_id = w.k) m CROSS JOIN LATERAL (SELECT (t."id") AS key, hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, int8send((coalesce(hashint8((t."legacy_id")::int8), 0))::int8 << 32 | ((coalesce(hashtext((t."name")::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((t."fee")::text), 0))::int8 << 32 | ((coalesce(uuid_hash(t."office_id"), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(t."boss_id"), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((t."code")::text), 0))::int8 << 32 | ((coalesce(hashtext((t."note")::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((t."origin")::text), 0)) AS ch FROM "public"."doctors" t WHERE t."id" = w.target_uuid) r WHERE w.action = 'rebase';
UPDATE portage.uuid_mappings_2 AS m SET source_hash = g.h, target_hash = r.h, source_columns = r.ch, target_columns = NULL, closed_by = NULL
   FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k CROSS JOIN LATERAL (SELECT (t."id") AS key, hashint8extended(hash_record_extended(row((t."id"), (t."legacy_id"), (t."name") COLLATE "C", (t."fee")::text COLLATE "C", (t."office_id"), (t."boss_id"), (t."email") COLLATE "C", (t."code")::text COLLATE "C", (t."note") COLLATE "C", (t."origin") COLLATE "C"), 0), 0) AS h, int8send((coalesce(hashint8((t."legacy_id")::int8), 0))::int8 << 32 | ((coalesce(hashtext((t."name")::text), 0))::int8 & 4294967295)) || int8send((coalesce(hashtext((t."fee")::text), 0))::int8 << 32 | ((coalesce(uuid_hash(t."office_id"), 0))::int8 & 4294967295)) || int4send(coalesce(uuid_hash(t."boss_id"), 0)) || coalesce(substr(sha256(decode(current_setting('portage.hmac_outer'), 'hex') || sha256(decode(current_setting('portage.hmac_inner'), 'hex') || convert_to((t."email")::text, 'UTF8'))), 1, 4), '\x00000000') || int8send((coalesce(hashtext((t."code")::text), 0))::int8 << 32 | ((coalesce(hashtext((t."note")::text), 0))::int8 & 4294967295)) || int4send(coalesce(hashtext((t."origin")::text), 0)) AS ch FROM "public"."doctors" t WHERE t."id" = w.target_uuid) r WHERE w.action = 'rebase' AND m.legacy_id = w.k;

-- closeMappings
UPDATE portage.uuid_mappings_2 AS m SET closed_by = 7 FROM pg_temp.work_2 w WHERE w.action = 'close' AND m.legacy_id = w.k;

-- keepPendingReferences
INSERT INTO portage.pending_references (entity_id, column_name, legacy_key, parent_key, operation_no)
    SELECT 2, c.name, w.k::text, CASE c.name WHEN 'office_id' THEN g.r3::text WHEN 'boss_id' THEN g.r4::text END, 7 FROM pg_temp.work_2 w JOIN pg_temp.stage_2 g ON g.k = w.k CROSS JOIN unnest(w.missing) AS c (name)
    WHERE w.action IN ('insert', 'again', 'update')
    ON CONFLICT (entity_id, column_name, legacy_key) DO UPDATE SET parent_key = excluded.parent_key, operation_no = excluded.operation_no;

-- dropPendingReferences
DELETE FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name = 'office_id'
     AND p.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('update', 'again') AND NOT coalesce('office_id' = ANY (w.missing), false)));
DELETE FROM portage.pending_references p WHERE p.entity_id = 2 AND p.column_name = 'boss_id'
     AND p.legacy_key = ANY (ARRAY(SELECT w.k::text FROM pg_temp.work_2 w WHERE w.action IN ('update', 'again') AND NOT coalesce('boss_id' = ANY (w.missing), false)));
