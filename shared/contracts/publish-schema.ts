/**
 * Publishes the mapping format as JSON Schema, for editors: `node shared/contracts/publish-schema.ts` writes
 * shared/entities/entity-map.schema.json; with `--check` it only says whether the committed file is the current one.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { entityMapSchema } from './entity-map.ts';

const SCHEMA_FILE = fileURLToPath(new URL('../entities/entity-map.schema.json', import.meta.url));

/** The text of the published file. */
export function publishedSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(entityMapSchema, { io: 'input', target: 'draft-2020-12' });
  const titled = {
    $schema,
    title: 'Portage entity map',
    description: 'The mapping format is explained in docs/mapping.md.',
    ...schema,
  };
  return `${JSON.stringify(titled, null, 2)}\n`;
}

/** Whether the committed file says what the schema says. */
export const isFresh = (file = SCHEMA_FILE): boolean =>
  existsSync(file) && readFileSync(file, 'utf8') === publishedSchema();

if (import.meta.main) {
  if (!process.argv.includes('--check')) writeFileSync(SCHEMA_FILE, publishedSchema());
  else if (!isFresh()) {
    process.stderr.write('shared/entities/entity-map.schema.json is stale: npm run schema\n');
    process.exitCode = 1;
  }
}
