-- The same job by hand, as a careful person would write it for this one table: rows cross from one database to the other
-- by COPY, in batches, over two connections, with foreign key and unique indexes on, and leave a mapping row each with
-- the hashes of both sides for later comparison. What it leaves out is what only a tool needs: resuming, undo, adoption,
-- rows that cannot be written, hashes of single columns. test/performance/floor.ts runs the sections.

-- section: mapping
-- Customers are there already, with their mapping; :leaf is where the tool keeps it.
CREATE TABLE customer_map (legacy_id integer PRIMARY KEY, id uuid NOT NULL);
INSERT INTO customer_map SELECT legacy_id, target_uuid FROM :leaf ORDER BY legacy_id;
CREATE TABLE order_map (legacy_id integer PRIMARY KEY, id uuid NOT NULL, source_hash bigint NOT NULL, target_hash bigint NOT NULL);
ANALYZE customer_map;

-- section: stage
CREATE TEMP TABLE stage (
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  legacy_id integer NOT NULL,
  source_hash bigint NOT NULL,
  external_id text, customer_no integer, status text, channel text, total numeric, is_rush boolean, ordered_on date,
  created_at timestamptz, updated_at timestamptz, attributes jsonb, note text
);

-- section: empty
TRUNCATE stage;

-- section: copy out
COPY (
  SELECT o.order_no, hashint8extended(hash_record_extended(o, 0), 0), o.external_ref, o.customer_no,
    CASE o.status_cd WHEN 'OP' THEN 'open' WHEN 'BI' THEN 'billed' WHEN 'PD' THEN 'paid' ELSE 'void' END,
    o.channel, o.total, o.is_rush, o.ordered_on, o.created_at, o.updated_at, o.attributes, o.note
  FROM orders o WHERE o.order_no > :from AND o.order_no <= :to
) TO STDOUT

-- section: copy in
COPY stage (legacy_id, source_hash, external_id, customer_no, status, channel, total, is_rush, ordered_on, created_at, updated_at, attributes, note) FROM STDIN

-- section: write
WITH written AS (
  INSERT INTO orders AS o
  SELECT s.id, s.legacy_id, s.external_id, c.id, s.status, s.channel, s.total, s.is_rush, s.ordered_on, s.created_at, s.updated_at, s.attributes, s.note
  FROM stage s JOIN customer_map c ON c.legacy_id = s.customer_no
  ORDER BY s.id
  RETURNING o.id, o.legacy_id, hashint8extended(hash_record_extended(o, 0), 0) AS hash
)
INSERT INTO order_map SELECT s.legacy_id, s.id, s.source_hash, w.hash FROM written w JOIN stage s USING (legacy_id);

-- section: finish
ANALYZE orders; ANALYZE order_map;

-- section: checksum of source
SELECT count(*) AS rows, sum(hashint8extended(hash_record_extended(o, 0), 0)) AS hashes FROM orders o

-- section: checksum of target
SELECT count(*) AS rows, sum(hashint8extended(hash_record_extended(o, 0), 0)) AS hashes FROM orders o

-- The two queries by which a careful person would compare both tables: the source's rows as the new schema has them, the
-- target's with the legacy number of their parent in place of its key, and equality that tells 1.0 from 1.00 in a number and
-- in jsonb. The same count and sum on both sides is a match.

-- section: comparison of source
SELECT count(*) AS rows, sum(hashint8extended(hash_record_extended(row(o.order_no, o.external_ref, o.customer_no,
    CASE o.status_cd WHEN 'OP' THEN 'open' WHEN 'BI' THEN 'billed' WHEN 'PD' THEN 'paid' ELSE 'void' END,
    o.channel, o.total, scale(o.total), o.total < 0, o.is_rush, o.ordered_on, o.created_at, o.updated_at, o.attributes::text, o.note), 0), 0)) AS hashes
FROM orders o

-- section: comparison of target
SELECT count(*) AS rows, sum(hashint8extended(hash_record_extended(row(o.legacy_id, o.external_id, c.legacy_id,
    o.status,
    o.channel, o.total, scale(o.total), o.total < 0, o.is_rush, o.ordered_on, o.created_at, o.updated_at, o.attributes::text, o.note), 0), 0)) AS hashes
FROM orders o LEFT JOIN customers c ON c.id = o.customer_id
