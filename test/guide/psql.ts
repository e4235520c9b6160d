// What psql does with the guide's lines: a session of the role, each -c sent as one message, and so in one transaction.
import pg from 'pg';

interface Ended {
  readonly exit: number;
  readonly out: string;
  readonly err: string;
  readonly text: string;
}

/** @returns rows as `a | b`, exit 2 where no connection is made, 1 where a statement fails */
export async function psql(line: string, url: string): Promise<Ended> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  const ended = (exit: number, out: string, err: string): Ended => ({ exit, out, err, text: out + err });
  let out = '';
  try {
    await client.connect();
  } catch (error) {
    return ended(2, '', `psql: error: ${String(error)}`);
  }
  try {
    for (const [, sql = ''] of line.matchAll(/ -c "([^"]*)"/g)) {
      const results = [await client.query<unknown[]>({ text: sql, rowMode: 'array' })].flat();
      for (const { rows } of results) out += rows.map((row) => `${row.map(String).join(' | ')}\n`).join('');
    }
    return ended(0, out, '');
  } catch (error) {
    return ended(1, out, `psql: error: ${String(error)}`);
  } finally {
    await client.end();
  }
}
