-- setAsideGroup
INSERT INTO portage.set_aside_rows (entity_id, legacy_key, code, reason, rows, operation_no) VALUES (2, $1, 'M012', $2, $3, 7) ON CONFLICT (entity_id, legacy_key) DO UPDATE SET code = excluded.code, column_name = excluded.column_name, reason = excluded.reason,
  rows = excluded.rows, operation_no = excluded.operation_no, last_seen = now(), state = CASE WHEN set_aside_rows.state = 'ignored' THEN 'ignored' ELSE 'open' END;

-- parkKeys
INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no) SELECT 2, k, 'named', 7 FROM unnest($1::text[]) AS k ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no;

-- parkAside
INSERT INTO portage.parked_rows (entity_id, legacy_key, reason, operation_no)
   SELECT entity_id, legacy_key, 'was set aside', 7 FROM portage.set_aside_rows WHERE entity_id = 2 AND state = 'open' AND legacy_key <> '(null)' ON CONFLICT (entity_id, legacy_key) DO UPDATE SET reason = excluded.reason, operation_no = excluded.operation_no;

-- openAside
SELECT legacy_key FROM portage.set_aside_rows WHERE entity_id = 2 AND state = 'open' AND operation_no <> 7 ORDER BY legacy_key LIMIT $1;

-- closeListed
UPDATE portage.set_aside_rows SET state = 'gone', last_seen = now() WHERE entity_id = 2 AND state IN ('open', 'ignored') AND operation_no <> 7 AND legacy_key = ANY ($1::text[]);

-- closeAside
UPDATE portage.set_aside_rows SET state = 'gone', last_seen = now() WHERE entity_id = 2 AND state IN ('open', 'ignored') AND operation_no <> 7;

-- ignoredRows
SELECT legacy_key, ignored_row FROM portage.set_aside_rows WHERE entity_id = 2 AND state = 'ignored' AND legacy_key > $1 ORDER BY legacy_key LIMIT $2;

-- bringBack
UPDATE portage.set_aside_rows SET state = 'open', ignored_reason = NULL, ignored_by = NULL, ignored_row = NULL WHERE entity_id = 2 AND state = 'ignored' AND legacy_key = ANY ($1::text[]);

-- ignoreRow
UPDATE portage.set_aside_rows SET state = 'ignored', ignored_reason = $2, ignored_row = $3, ignored_by = session_user
   WHERE entity_id = 2 AND legacy_key = $1 AND state IN ('open', 'ignored');
