/** Why two values differ, in a word: what a person has to look for first. In SQL, where both values are. */
import type { Column, TypeInfo } from '../catalog.ts';
import { underlying } from '../catalog.ts';

export interface ValuePair {
  /** Over `g`: the value as the source says it, cast to the column's type where that cannot cut it. */
  readonly wanted: string;
  readonly wantedText: string;
  /** Over `t`. */
  readonly found: string;
  readonly foundText: string;
}

const TEXTS = /^(text|varchar|bpchar|citext|name|xml)$/;
const NUMBERS = /^(numeric|float4|float8|int2|int4|int8|money)$/;
const MOMENTS = /^(timestamp|timestamptz)$/;

const when = (condition: string, reason: string): string => `WHEN ${condition} THEN '${reason}'`;

function textReasons({ wantedText, foundText }: ValuePair): readonly string[] {
  // Under a collation in which different texts can be equal no part of a text can be looked for.
  const [w, f] = [wantedText, foundText].map((text) => `(${text} COLLATE "C")`);
  return [
    when(`${w} = '' OR ${f} = ''`, 'null_or_empty'),
    when(`starts_with(${w}, ${f}) OR starts_with(${f}, ${w})`, 'truncated'),
    // Only a server of that encoding can tell normal forms.
    when(
      `CASE WHEN current_setting('server_encoding') = 'UTF8' THEN normalize(${w}) = normalize(${f}) ELSE false END`,
      'encoding',
    ),
    // UTF-8 that was read as LATIN1, once, in either direction.
    when(
      `convert_from(convert_to(${w}, 'UTF8'), 'LATIN1') = ${f} OR convert_from(convert_to(${f}, 'UTF8'), 'LATIN1') = ${w}`,
      'encoding',
    ),
  ];
}

function numberReasons({ wantedText: w, foundText: f }: ValuePair): readonly string[] {
  const finite = `${w} ~ '^[-+0-9.eE]+$' AND ${f} ~ '^[-+0-9.eE]+$'`;
  const scaled = (which: string): string => `${which}(${w}::numeric, scale(${f}::numeric)) = ${f}::numeric`;
  return [
    `WHEN ${finite} THEN CASE WHEN ${w}::numeric = ${f}::numeric OR ${scaled('round')} OR ${scaled('trunc')} THEN 'numeric_scale' ELSE 'value' END`,
  ];
}

/** A whole number of quarters of an hour, fifteen hours at most: where on earth clocks are set apart. */
function momentReasons({ wanted: w, found: f }: ValuePair): readonly string[] {
  const seconds = `extract(epoch FROM (${w}) - (${f}))`;
  return [
    `WHEN isfinite(${w}) AND isfinite(${f}) THEN CASE WHEN date_trunc('second', ${w}) = date_trunc('second', ${f}) OR date_trunc('day', ${w}) = ${f} THEN 'truncated'
       WHEN abs(${seconds}) <= 54000 AND (${seconds})::numeric % 900 = 0 THEN 'time_zone' ELSE 'value' END`,
  ];
}

const ordered = (array: string): string =>
  `ARRAY(SELECT e.e::text COLLATE "C" FROM unnest(${array}) AS e (e) ORDER BY 1)`;

function reasonsOf(base: TypeInfo, pair: ValuePair): readonly string[] {
  if (base.kind === 'array')
    return [when(`${ordered(`(${pair.wanted})`)} = ${ordered(`(${pair.found})`)}`, 'array_order')];
  if (TEXTS.test(base.name)) return textReasons(pair);
  if (!base.builtin) return [];
  if (NUMBERS.test(base.name) && base.name !== 'money') return numberReasons(pair);
  return MOMENTS.test(base.name) ? momentReasons(pair) : [];
}

/** One of null_or_empty, truncated, encoding, numeric_scale, time_zone, array_order, value. */
export function reasonOfValue(column: Column, pair: ValuePair): string {
  const reasons = reasonsOf(underlying(column.typeInfo), pair);
  return `CASE ${[when(`${pair.wantedText} IS NULL OR ${pair.foundText} IS NULL`, 'null_or_empty'), ...reasons].join(' ')} ELSE 'value' END`;
}
