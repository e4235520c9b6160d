// The settings of a map and their variables are one table: what docs/mapping.md names is read, from either, alike.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkConfig, readConfig } from '../../shared/config.ts';
import { readEntityMap } from '../../shared/contracts/entity-map.ts';
import { SETTING_NAMES, SETTINGS, variableOf, type Setting, type SettingName } from '../../shared/domain/settings.ts';

const documented = async (): Promise<readonly string[]> => {
  const page = await readFile(join(import.meta.dirname, '../../docs/mapping.md'), 'utf8');
  const rows = /\| setting \|[^\n]*\n\| ---[^\n]*\n((?:\|[^\n]*\n)+)/.exec(page)?.[1] ?? '';
  return rows
    .split('\n')
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name!));
};

const mapWith = (settings: Record<string, unknown>): unknown => ({
  name: 'm',
  entities: { notes: { source: { table: 'n', key: ['id'] }, target: { table: 'n', key: ['id'] }, columns: {} } },
  settings,
});

/** A value that a setting takes and no default is, as the map and as a variable have it. */
function sampleOf(setting: Setting): {
  readonly value: unknown;
  readonly text: string;
  readonly bad: readonly string[];
} {
  switch (setting.kind) {
    case 'integer':
      return {
        value: setting.most,
        text: String(setting.most),
        bad: [String(setting.least - 1), String(setting.most + 1), '1.5', 'many'],
      };
    case 'number':
      return { value: 2.5, text: '2.5', bad: ['-1', String(setting.most + 1), '1e2', 'some'] };
    case 'choice':
      return { value: setting.choices.at(-1), text: String(setting.choices.at(-1)), bad: ['neither'] };
    case 'text':
      return { value: './elsewhere', text: './elsewhere', bad: [] };
  }
}

test('docs/mapping.md names every setting, and no other', async () => {
  expect([...(await documented())].sort()).toEqual([...SETTING_NAMES].sort());
});

test('a variable is the name in capitals', () => {
  expect(variableOf('batchRows')).toBe('PORTAGE_BATCH_ROWS');
  expect(variableOf('memoryLimitMb')).toBe('PORTAGE_MEMORY_LIMIT_MB');
});

describe.each(SETTING_NAMES.map((name): [SettingName, string] => [name, variableOf(name)]))('%s', (name, variable) => {
  const { value, text, bad } = sampleOf(SETTINGS[name]);

  test(`is read from ${variable}`, () => {
    expect(readConfig({ [variable]: text }).settings).toEqual({ [name]: value });
    expect(readConfig({ [variable]: '' }).settings).toEqual({});
  });

  test('is read from the map', () => {
    const { map, faults } = readEntityMap(mapWith({ [name]: value }));
    expect(faults.filter(({ path }) => path.startsWith('settings'))).toEqual([]);
    expect(map?.settings ?? { [name]: value }).toEqual({ [name]: value });
  });

  test('does not take what is no such value, from either', () => {
    for (const wrong of bad) {
      expect(checkConfig({ [variable]: wrong }).faults).toMatchObject([{ variable, got: JSON.stringify(wrong) }]);
      const ofMap = Number.isNaN(Number(wrong)) || wrong.includes('e') ? wrong : Number(wrong);
      const { faults } = readEntityMap(mapWith({ [name]: ofMap }));
      expect(faults.map(({ path }) => path)).toContain(`settings.${name}`);
    }
  });
});
