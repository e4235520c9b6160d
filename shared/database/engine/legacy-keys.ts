/** Legacy keys as a person writes them, in the canonical form under which the ledger knows them (SEMANTICS 6). */
import { referenceKey, type EntityFacts } from '../../domain/compiled/key-forms.ts';
import { PortageError } from '../../domain/errors.ts';
import { quoteLiteral } from '../../domain/identifiers.ts';
import { partsOfKey, type LegacyKey } from '../../domain/legacy-key.ts';
import { DataError } from '../pg-errors.ts';
import type { Session } from '../session.ts';
import type { LoadedMap } from './load-entities.ts';

/**
 * The canonical keys, each once, in the order given. The source casts them, so that '007' and 7 are one integer; whether a
 * row has them is not asked.
 * @throws PortageError SYS002 for what cannot be a key of the entity
 */
export async function canonicalKeys(
  source: Session,
  loaded: LoadedMap,
  name: string,
  keys: readonly LegacyKey[],
): Promise<string[]> {
  const entity = loaded.entities.get(name);
  const relations = loaded.relations.get(name);
  if (!entity || !relations) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
  const { normal, entityId } = entity;
  const facts: EntityFacts = { normal, ...relations, entityId };
  const names = normal.source.key;
  const rows = keys.map((key, i) => `(${i}, ${partsOfKey(key, names, name).map(textLiteral).join(', ')})`);
  const columns = names.map((_, i) => `p${i}`);
  const key = referenceKey(
    facts,
    columns.map((column) => `v.${column}`),
  );
  try {
    const found = await source.rows<{ key: string }>(
      `SELECT (${key})::text AS key FROM (VALUES ${rows.join(', ')}) AS v (${['n', ...columns].join(', ')}) ORDER BY v.n`,
    );
    return [...new Set(found.map((row) => row.key))];
  } catch (error) {
    if (!(error instanceof DataError)) throw error;
    throw new PortageError('SYS002', `not a legacy key of ${name}`, {
      got: error.message,
      expected: names.map((part) => `${part} of ${normal.source.relation.name}`).join(', '),
      where: name,
    });
  }
}

const textLiteral = (part: string): string => `${quoteLiteral(part)}::text`;
