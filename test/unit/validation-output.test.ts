// What a validation proposes to do next: commands that can be run as they stand.
import { expect, test } from '@jest/globals';
import { validationText } from '../../cli/output/validation.ts';
import type { Difference, JudgeOutput } from '../../shared/contracts/validation.ts';

const none = { sourceRows: 9, targetRows: 9, missing: 0, extra: 0, value: 0, orphan: 0, wrongParent: 0 };
const answer = (differences: readonly Difference[], holes: readonly object[] = []): JudgeOutput =>
  ({
    operationId: 'validate_1',
    type: 'all',
    verdict: 'mismatch',
    entities: {
      doctors: { ...none, verdict: 'mismatch', value: 2 },
      rates: { ...none, verdict: 'mismatch', value: 2 },
    },
    coverage: { complete: holes.length === 0, sampled: false, holes, entities: {} },
    findings: [],
    notes: [],
    differences,
  }) as unknown as JudgeOutput;
const value = (entity: string, legacyId: string): Difference => ({
  ...{ entity, legacyId, kind: 'value', columns: ['name'], reason: 'value' },
});
const proposed = (text: string): string[] => text.split('\n').filter((line) => line.includes('--force-records'));
const plain = (_: string, text: string): string => text;

test('names every row that differs, entity by entity, as a shell takes it', () => {
  const differences = [
    value('doctors', '5'),
    value('doctors', 'A-6'),
    value('rates', '["EUR","2009"]'),
    value('rates', `["it's","2010"]`),
  ];
  expect(proposed(validationText(answer(differences), plain))).toEqual([
    '  value       npx portage differential-migration migrate --entities doctors --force-records 5,A-6',
    `  value       npx portage differential-migration migrate --entities rates --force-records '[["EUR","2009"],["it'\\''s","2010"]]'`,
  ]);
});

test('names no more rows than a line holds, and none where it was not asked for them', () => {
  const many = Array.from({ length: 30 }, (_, i) => value('doctors', String(i)));
  expect(proposed(validationText(answer(many), plain))[0]).toMatch(/--force-records 0,1,.*,19$/);
  expect(proposed(validationText(answer([]), plain))[0]).toMatch(/--entities doctors --force-records KEYS$/);
});

test('says beside it that something was not read', () => {
  const hole = { entity: 'doctors', check: 'integrity', selection: null, code: 'SYS007', message: 'gone' };
  expect(validationText(answer([value('doctors', '5')], [hole]), plain)).toMatch(
    /Next:\n[^]*What was not read is unknown: run it again when its cause is gone\.\n$/,
  );
});
