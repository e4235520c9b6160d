/** A legacy key as a person or a program names it: plain for a key of one column, a list of its parts for one of several. */
import { PortageError } from './errors.ts';

type Part = string | number | boolean;
export type LegacyKey = string | number | readonly Part[];

/**
 * The parts of a key as texts, one for each column. The canonical text of a key of several columns, `["A", 1]`, is taken
 * apart: it is what lists of rows show.
 * @throws PortageError SYS002 when it has another number of parts than the entity's key
 */
export function partsOfKey(key: LegacyKey, columns: readonly string[], entity: string): readonly string[] {
  const parts = columns.length > 1 && typeof key === 'string' ? listIn(key) : [key].flat();
  if (parts.length === columns.length) return parts.map(String);
  throw new PortageError('SYS002', `not a legacy key of ${entity}`, {
    got: typeof key === 'string' ? key : JSON.stringify(key),
    expected:
      columns.length > 1
        ? `the key is (${columns.join(', ')}): a JSON array of keys that are arrays, such as ${exampleOf(columns)}`
        : `one value of ${columns.join('')}`,
    where: entity,
  });
}

function listIn(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text);
    return Array.isArray(parsed) ? (parsed as unknown[]) : [];
  } catch {
    return [];
  }
}

const exampleOf = (columns: readonly string[]): string => JSON.stringify([columns.map((_, i) => `part ${i + 1}`)]);
