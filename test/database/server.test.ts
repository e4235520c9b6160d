// The server under all database tests must be the one that we think it is.
import { expect, test } from '@jest/globals';
import { createDatabase, dropDatabase, withClient } from '../support/database.ts';

test('the test server speaks UTF8', async () => {
  const url = await createDatabase();
  const { rows } = await withClient(url, (client) =>
    client.query<{ encoding: string; version: number; length: number }>(
      `select current_setting('server_encoding') as encoding, current_setting('server_version_num')::int / 10000 as version,
              length('Žižka 北京') as length`,
    ),
  );
  expect(rows).toEqual([{ encoding: 'UTF8', version: 18, length: 8 }]);
  await dropDatabase(url);
});

test('a database cloned from another starts with its rows and then goes its own way', async () => {
  const template = await createDatabase('template');
  await withClient(template, (client) => client.query('create table doctors as select 1 as id'));
  const copy = await createDatabase('copy', template);
  await withClient(copy, (client) => client.query('insert into doctors values (2)'));

  const count = (url: string) => withClient(url, (client) => client.query('select id from doctors order by id'));
  expect((await count(copy)).rows).toEqual([{ id: 1 }, { id: 2 }]);
  expect((await count(template)).rows).toEqual([{ id: 1 }]);
  await Promise.all([template, copy].map(dropDatabase));
});
