/** One entity of few rows, that the test and the process that sleeps both know. */
import type { EntityMap } from '../../../shared/domain/entity-map.ts';

export const ROWS = 30;
export const SOURCE = `CREATE TABLE thing (no integer PRIMARY KEY, name text); INSERT INTO thing SELECT n, 'first' FROM generate_series(1, ${ROWS}) n`;
export const TARGET = 'CREATE TABLE things (id uuid PRIMARY KEY, no integer UNIQUE, name text)';
export const MAP: EntityMap = {
  name: 'sleep',
  entities: {
    things: {
      source: { table: 'thing', key: ['no'] },
      target: { table: 'things', key: ['id'], identity: ['no'] },
      columns: { no: 'no', name: 'name' },
    },
  },
};
