/** `data-validator check-record` and `migration-analyzer compare-records`: one row in all its places. */
import { canonicalKeys } from '../../../shared/database/engine/legacy-keys.ts';
import { loadMap } from '../../../shared/database/engine/load-entities.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { compareRecord as compareOne, type ComparedRecord } from '../../../shared/database/validate/compare-record.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { quoteIdentifier } from '../../../shared/domain/identifiers.ts';
import type { LegacyKey } from '../../../shared/domain/legacy-key.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { Invocation } from '../../step.ts';

export interface CompareRecordRequest {
  readonly entity: 'all' | readonly string[];
  readonly legacyId: readonly LegacyKey[];
}

export async function compareRecord(
  request: CompareRecordRequest,
  deps: Invocation,
): Promise<{ readonly records: readonly ComparedRecord[]; readonly codes: readonly string[] }> {
  const map = await deps.configuredMap();
  const [name, ...more] = selectEntities(request.entity, Object.keys(map.entities));
  if (name === undefined || more.length > 0)
    throw new PortageError('SYS002', 'a record is one of one entity', {
      got: `${1 + more.length} entities`,
      expected: 'one name in --entity',
      where: '--entity',
    });
  return deps.withSides('compare', [], async (sides) => {
    const hasLedger = (await ledgerVersion(sides.target)) > 0;
    const loaded = await loadMap(sides.source, sides.target, map, hasLedger ? 'read' : 'none');
    const entity = loaded.entities.get(name);
    if (!entity) throw new PortageError('SYS002', 'the map has no such entity', { got: name });
    await sides.source.run(`SET search_path = pg_catalog, ${quoteIdentifier(entity.source.schema)}`);
    const keys = await canonicalKeys(sides.source, loaded, name, request.legacyId);
    const records: ComparedRecord[] = [];
    for (const key of keys) records.push(await compareOne(sides, entity, key));
    return { records, codes: records.every(({ verdict }) => verdict === 'match') ? [] : ['V005'] };
  });
}
