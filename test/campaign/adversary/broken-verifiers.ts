// The verifier broken on purpose, a step at a time: its statements are rewritten on their way to the servers. Each names a fault
// of the data that it must no longer be able to see, so that a verifier with this defect would not get past the adversary.

export interface BrokenVerifier {
  readonly name: string;
  readonly rewrite: (sql: string) => string;
  /** The fault that tells it from the sound one. */
  readonly fault: string;
}

const replace =
  (what: RegExp, by: string) =>
  (sql: string): string =>
    sql.replace(what, by);

export const BROKEN_VERIFIERS: readonly BrokenVerifier[] = [
  // ---- sums by bucket
  {
    name: 'counts rows, and sums no hashes',
    rewrite: replace(/sum\(p\.h\) AS hashes/g, '0 AS hashes'),
    fault: 'the first row differs',
  },
  {
    name: 'sums hashes, and counts no rows nor hashes of one side',
    rewrite: replace(/count\(\*\) AS rows, sum\(p\.h\) AS hashes/g, '0 AS rows, 0 AS hashes'),
    fault: 'the last row is not there',
  },
  {
    name: 'adds up what each value hashes to, and wraps nothing, one bucket for all',
    rewrite: (sql) =>
      sql
        .replaceAll('hashint8extended(0, coalesce(', '(0::numeric + coalesce(')
        .replaceAll(' # coalesce(', ' + coalesce(')
        .replace(/\(hashint8extended\(p\.vk, 42\) & \d+\) AS bucket/g, '0 AS bucket'),
    fault: 'two rows have swapped their values',
  },
  {
    name: 'leaves out a bucket',
    rewrite: replace(
      /(AS rows, sum\(p\.h\) AS hashes.*)( OFFSET NULL\) AS p GROUP BY 1)$/gs,
      '$1 AND hashint8extended(p.vk, 42) & 7 <> 3$2',
    ),
    fault: 'SOME',
  },
  {
    name: 'hashes numbers without their sign',
    rewrite: replace(/CASE WHEN \([^()]*\) < 0 THEN -1 - scale\(\([^()]*\)\) ELSE/g, 'CASE WHEN false THEN 0 ELSE'),
    fault: 'the sign of a number',
  },
  {
    name: 'hashes integers with their halves folded',
    rewrite: replace(/ >> 32\)/g, ' * 0)'),
    fault: '32 bits that lost their sign',
  },
  {
    name: 'hears no witness of the mapping',
    rewrite: replace(/sum\(uuid_hash_extended\([^()]*\)\)/g, '0'),
    fault: 'two mappings swapped',
  },
  // ---- ranges
  {
    name: 'does not read the first key',
    rewrite: replace(/(AS rows, sum\(p\.h\).*)( OFFSET NULL\) AS p GROUP BY 1)$/gs, '$1 AND p.vk > 1$2'),
    fault: 'the first row differs',
  },
  {
    name: 'does not read the last key',
    rewrite: replace(/(AS rows, sum\(p\.h\).*)( OFFSET NULL\) AS p GROUP BY 1)$/gs, '$1 AND p.vk < 120$2'),
    fault: 'the last row differs',
  },
  {
    name: 'does not read the tail',
    rewrite: replace(/(AS rows, sum\(p\.h\).*)( OFFSET NULL\) AS p GROUP BY 1)$/gs, '$1 AND p.vk <= 120$2'),
    fault: 'the target has a tail beyond the last key',
  },
  // ---- rows
  {
    name: 'cuts the rows of a bucket',
    rewrite: replace(/(SELECT p\.vk::text AS vk, .*AS h FROM .*)$/gs, '$1 LIMIT 0'),
    fault: 'the first row differs',
  },
  // ---- columns
  {
    name: 'compares no values',
    rewrite: replace(/\('value', d\.values <> '\{\}'/g, "('value', false"),
    fault: 'a text was cut',
  },
  {
    name: 'reports no missing rows',
    rewrite: replace(/\('missing', g\.portage_vk IS NOT NULL/g, "('missing', false AND g.portage_vk IS NOT NULL"),
    fault: 'the last row is not there',
  },
  {
    name: 'reports no rows too many',
    rewrite: replace(/\('extra', t\.portage_vk IS NOT NULL/g, "('extra', false AND t.portage_vk IS NOT NULL"),
    fault: 'the target has a tail beyond the last key',
  },
  {
    name: 'reports no references',
    rewrite: replace(/\('(orphan|wrong_parent)', d\.parents @\?[^,]*,/g, "('$1', false,"),
    fault: 'another parent, that exists',
  },
  {
    name: 'compares text without its blanks',
    rewrite: replace(/\(([qt]\."t"|t\."t"|q\.c\d+|g\.c\d+)\) COLLATE "C"/g, 'btrim($1::text) COLLATE "C"'),
    fault: 'a trailing blank',
  },
  // ---- what is kept, and judged
  {
    name: 'loses what it found',
    rewrite: replace(
      /(INSERT INTO portage\.validation_findings .*SELECT .*FROM pg_temp\.found_\d+) ON CONFLICT/gs,
      '$1 WHERE false ON CONFLICT',
    ),
    fault: 'a text was cut',
  },
  {
    name: 'counts no findings',
    rewrite: replace(
      /(FROM portage\.validation_findings f JOIN portage\.entities e USING \(entity_id\) WHERE f\.operation_no = \$1) GROUP BY/g,
      '$1 AND false GROUP BY',
    ),
    fault: 'a text was cut',
  },
  {
    name: 'believes every mapping',
    rewrite: replace(
      /INSERT INTO portage\.validation_findings (\(.*'mapping')(.*) ON CONFLICT/gs,
      'INSERT INTO portage.validation_findings $1$2 AND false ON CONFLICT',
    ),
    fault: 'two mappings swapped',
  },
  {
    name: 'counts no NULL keys',
    rewrite: replace(
      /SELECT count\(\*\) AS rows FROM "public"\."loose" AS s WHERE \(s\."no" IS NULL\)/g,
      'SELECT 0 AS rows',
    ),
    fault: 'a key that is NULL',
  },
];
