/** Which types can become which: what a draft may propose without asking. */
import { type Column, type TypeInfo, underlying } from '../catalog.ts';

export type Family =
  'integer' | 'number' | 'text' | 'moment' | 'boolean' | 'uuid' | 'json' | 'enum' | 'range' | 'array' | 'other';

const FAMILIES: Readonly<Record<string, Family>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'number',
  float4: 'number',
  float8: 'number',
  money: 'number',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  name: 'text',
  date: 'moment',
  timestamp: 'moment',
  timestamptz: 'moment',
  bool: 'boolean',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
};

export function family(type: TypeInfo): Family {
  const base = underlying(type);
  if (base.kind === 'enum' || base.kind === 'array') return base.kind;
  if (base.kind === 'range' || base.kind === 'multirange') return 'range';
  return FAMILIES[base.name] ?? 'other';
}

/** 1: a cast is enough. Less: it works for some values, and somebody should look. 0: it cannot be. */
export function fits(source: Column, target: Column): number {
  const [from, to] = [family(source.typeInfo), family(target.typeInfo)];
  if (from === to) return from === 'other' && source.type !== target.type ? 0 : 1;
  if (to === 'number' && from === 'integer') return 1;
  if (to === 'text') return 0.9;
  if (to === 'integer' && from === 'number') return 0.7;
  if (from === 'text') return to === 'range' || to === 'array' || to === 'json' ? 0.4 : 0.7;
  if (to === 'boolean' && from === 'integer') return 0.6;
  return 0;
}

/** Whether values of one key can be looked up in the other: numbers among numbers, the rest among its own. */
export function comparable(a: Column, b: Column): boolean {
  const [one, other] = [family(a.typeInfo), family(b.typeInfo)];
  const isNumber = (kind: Family): boolean => kind === 'integer' || kind === 'number';
  return one === other || (isNumber(one) && isNumber(other));
}
