/** Whether somebody writes to a table: what the server counted so far. A view counts nothing, and so tells nothing. */
import type { RelationName } from '../../../domain/entity-map.ts';
import { qualifiedName, quoteLiteral } from '../../../domain/identifiers.ts';

/** The counts of a partitioned table are those of its partitions, which servers before 12 can only name one level down. */
export const writesTo = (relation: RelationName, serverVersion: number): string => {
  const name = `to_regclass(${quoteLiteral(qualifiedName(relation))})`;
  const parts =
    serverVersion >= 120000
      ? `SELECT ${name}::oid UNION SELECT relid FROM pg_partition_tree(${name})`
      : `SELECT ${name}::oid UNION SELECT inhrelid FROM pg_inherits WHERE inhparent = ${name}`;
  return `SELECT sum(pg_stat_get_tuples_inserted(r.oid) + pg_stat_get_tuples_updated(r.oid) + pg_stat_get_tuples_deleted(r.oid))::text AS writes FROM (${parts}) AS r (oid)`;
};
