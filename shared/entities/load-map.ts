/** Where a map comes from: the JSON file that was named, or the map that ships. Both pass the same schema. */
import { readFile } from 'node:fs/promises';
import { parseEntityMap } from '../contracts/entity-map.ts';
import type { EntityMap } from '../domain/entity-map.ts';
import { PortageError } from '../domain/errors.ts';
import { shippedMaps } from './index.ts';
import { readJson } from './read-json.ts';

/**
 * The map of `file` (JSON), or the one shipped map when `file` is null.
 * Throws one SYS002 that lists everything wrong with it.
 */
export async function loadMap(file: string | null): Promise<EntityMap> {
  return file === null ? shippedMap() : parseEntityMap(readJson(await textOf(file), file), file);
}

function shippedMap(): EntityMap {
  const [map, ...others] = shippedMaps;
  if (map === undefined || others.length > 0) {
    const names = shippedMaps.map(({ name }) => name).join(', ');
    throw new PortageError('SYS002', 'It is not clear which mapping is meant.', {
      where: 'shared/entities/index.ts',
      got: map === undefined ? 'no map that ships' : `several: ${names}`,
      expected: 'one map, or --map FILE or PORTAGE_MAP',
    });
  }
  return parseEntityMap(map, `the map ${map.name} in shared/entities`);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
    const known: Record<string, string> = {
      ENOENT: 'no such file',
      EISDIR: 'a folder',
      EACCES: 'a file that may not be read',
    };
    if (known[code] === undefined) throw error;
    throw new PortageError('SYS002', `The mapping file cannot be read: ${file}`, {
      where: file,
      got: known[code],
      expected: 'a JSON file, given by --map FILE or PORTAGE_MAP',
    });
  }
}
