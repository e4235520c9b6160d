// An answer that no state has room for: it goes to the bucket whole, and the state keeps a few words and where it is.
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { fitting } from '../../functions/large-answer.ts';
import { judgedOutput } from '../../shared/contracts/validation.ts';
import { LIMITS } from '../../shared/domain/scale.ts';
import { bucket, type Bucket } from '../support/bucket.ts';

let objects: Bucket;
beforeAll(async () => {
  objects = await bucket('reports');
  Object.assign(process.env, objects.variables, { PORTAGE_BUCKET: 'reports' });
});
afterAll(async () => {
  for (const name of [...Object.keys(objects.variables), 'PORTAGE_BUCKET']) Reflect.deleteProperty(process.env, name);
  await objects.end();
});

/** What Judge answers of ten billion rows, each check in 4,096 pieces. */
const piece = {
  ...{
    check: 'integrity',
    selection: { part: 1, of: 4096 },
    sourceRows: 4_000_000,
    targetRows: 4_000_000,
    buckets: 65_536,
  },
  ...{ differing: 0, bytes: 2_000_000, hash: 'md5', readFrom: '2026-01-01T00:00:00.000Z', readTo: '2026-01-01T00:00:00.000Z' }, // prettier-ignore
};
const answer = (pieces: number) => ({
  ...{ operationId: 'validate_20260101_000000', batchId: null, status: 'completed', type: 'all', verdict: 'match' },
  coverage: { complete: true, sampled: false, entities: { e: { pieces: Array.from({ length: pieces }, () => piece) } }, holes: [] }, // prettier-ignore
  ...{ entities: {}, findings: [], codes: [], notes: [] },
});
const words = { operationId: 'validate_20260101_000000', verdict: 'match' };

test('one that fits stays in the state', async () => {
  expect(await fitting(answer(10), words)).toEqual(answer(10));
  expect(objects.objects.size).toBe(0);
});

test('one of ten billion rows does not, and is found again whole', async () => {
  const whole = answer(4096 * 3);
  expect(Buffer.byteLength(JSON.stringify(whole))).toBeGreaterThan(LIMITS.payloadBytes);
  const kept = judgedOutput.parse(await fitting(whole, words));

  expect(kept).toMatchObject({ ...words, answerIn: expect.stringMatching(/^s3:\/\/reports\/results\//) });
  expect(Buffer.byteLength(JSON.stringify(kept))).toBeLessThan(1000);
  const [[, object] = []] = [...objects.objects];
  expect(JSON.parse(String(object))).toEqual(whole);
});
