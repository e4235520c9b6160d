/** What stands around an entity's two tables that makes reading or writing slow. From the catalogs, never from a row. */
import type { NormalEntity } from '../../domain/entity-map.ts';
import type { TableFacts } from '../../domain/performance/run-figures.ts';
import type { Session } from '../session.ts';

const SOURCE = `SELECT r.relkind AS kind, (EXISTS (SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
    WHERE i.indrelid = r.oid AND i.indisvalid AND i.indpred IS NULL AND a.attname = $3))::text AS indexed
  FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname = $1 AND r.relname = $2`;
const TARGET = `SELECT (SELECT count(*) FROM pg_index i WHERE i.indrelid = r.oid) AS indexes,
    to_json(ARRAY(SELECT t.tgname::text FROM pg_trigger t WHERE t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' ORDER BY 1)) AS triggers
  FROM pg_class r JOIN pg_namespace n ON n.oid = r.relnamespace WHERE n.nspname = $1 AND r.relname = $2`;

/** Of tables that are not there: nothing that could be advised on. */
export async function tableFacts(source: Session, target: Session, entity: NormalEntity): Promise<TableFacts> {
  const { relation, key } = entity.source;
  const from = await source.maybeOne<{ kind: string; indexed: string }>(SOURCE, [
    relation.schema,
    relation.name,
    key[0],
  ]);
  const into = await target.maybeOne<{ indexes: string; triggers: string }>(TARGET, [
    entity.target.relation.schema,
    entity.target.relation.name,
  ]);
  const kind = from?.kind ?? '';
  return {
    sourceKind: ['r', 'p'].includes(kind) ? 'table' : ['v', 'm'].includes(kind) ? 'view' : 'other',
    sourceKeyIndexed: from?.indexed === 'true',
    readsOtherTables: entity.readsOtherTables,
    targetIndexes: Number(into?.indexes ?? 0),
    targetTriggers: JSON.parse(into?.triggers ?? '[]') as string[],
  };
}
