// Entities that refer to each other and have both failed: neither may wait for the other when the run is taken up again.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { PortageError } from '../../shared/domain/errors.ts';
import { CLUBS_ROWS, CLUBS_SOURCE, CLUBS_TARGET, clubs } from '../support/clubs.ts';
import { portage, type Portage } from '../support/portage.ts';

let p: Portage;
beforeAll(async () => {
  p = await portage(`${CLUBS_SOURCE} ${CLUBS_ROWS}`, CLUBS_TARGET, clubs);
  await p.migrate();
});
afterAll(() => p.end());

test('a migration whose deletions failed for both goes on where it is run again', async () => {
  // Club 5 with its members, and nobody left who names one of them.
  await p.run(
    'source',
    `UPDATE club SET chair = NULL WHERE chair IN (4, 9); UPDATE person SET friend = NULL WHERE friend IN (4, 9);
    DELETE FROM person WHERE club = 5; DELETE FROM club WHERE no = 5`,
  );
  const fails = (): Promise<unknown> => Promise.reject(new PortageError('SYS007', 'as planned'));
  const { failure } = await p.migrateAround({ DeleteRows: fails }, { allowDeletes: '100%' });
  expect(failure).toMatchObject({ code: 'SYS007', where: 'clubs, people' });

  const again = await p.migrate({ allowDeletes: '100%' });

  expect(again.failure).toBeNull();
  expect(again.output).toMatchObject({
    status: 'completed',
    entities: { people: { deleted: 2 }, clubs: { deleted: 1 } },
  });
  expect(await p.value('SELECT count(*) FROM people')).toBe('10');
});
