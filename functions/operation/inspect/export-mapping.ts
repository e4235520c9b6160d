/** `differential-migration export-mapping`. */
import { exportMappings, type ExportedEntity } from '../../../shared/database/inspect/export-mappings.ts';
import { ledgerVersion } from '../../../shared/database/ledger/apply.ts';
import { entityIds } from '../../../shared/database/ledger/entities.ts';
import { PortageError } from '../../../shared/domain/errors.ts';
import { selectEntities } from '../../../shared/domain/select-entities.ts';
import type { Invocation } from '../../step.ts';
import { writeOutput } from '../../output-file.ts';

export interface ExportMappingRequest {
  readonly entities: 'all' | readonly string[];
  readonly output: string;
}

export async function exportMapping(
  { entities, output }: ExportMappingRequest,
  deps: Invocation,
): Promise<{ output: string; rows: number; entities: readonly ExportedEntity[] }> {
  const map = await deps.configuredMap();
  return deps.withTarget('export-mapping', async (target) => {
    const hasLedger = (await ledgerVersion(target)) > 0;
    // An entity that left the map keeps its mappings.
    const known = new Set([
      ...Object.keys(map.entities),
      ...(hasLedger ? (await entityIds(target, map.name)).keys() : []),
    ]);
    const names = selectEntities(entities, [...known]);
    if (!hasLedger)
      throw new PortageError('SYS002', 'there is nothing to export: the target database has no ledger', {
        expected: 'a target that was migrated into',
        next: 'Migrate first: portage differential-migration migrate',
      });
    let exported: readonly ExportedEntity[] = [];
    const place = await writeOutput(output, async (file) => {
      exported = await exportMappings(target, map.name, names, file);
    });
    return { output: place, rows: exported.reduce((sum, { rows }) => sum + rows, 0), entities: exported };
  });
}
