/** Entities that a user names: `all`, or a list of which every name must exist. */
import { PortageError } from './errors.ts';
import { suggestion } from './nearest-name.ts';

/** The named entities in the order of the map. @throws PortageError SYS002 naming each unknown one and the nearest names. */
export function selectEntities(selection: 'all' | readonly string[], known: readonly string[]): string[] {
  if (selection === 'all' || selection.includes('all')) return [...known];
  const unknown = selection.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new PortageError(
      'SYS002',
      unknown.map((name) => `there is no entity ${name}${suggestion(name, known)}`).join('; '),
      {
        got: unknown.join(', '),
        expected: known.join(', '),
        where: 'entities',
      },
    );
  }
  return known.filter((name) => selection.includes(name));
}
