// Faults of the data: each is planted alone, and the verifier must name its row and say what is wrong with it. A fault may be in
// a border row, in a value that looks equal, in a reference, in a mapping, or in a key.

import type { Fault } from './fault.ts';
import { ROW_FAULTS } from './row-faults.ts';
import { VALUE_FAULTS } from './value-faults.ts';

const maker = (no: number): string => `(SELECT id FROM makers WHERE legacy_id = ${no})`;
const mappings = (entity: string): string =>
  `portage.uuid_mappings m WHERE m.entity_id = (SELECT entity_id FROM portage.entities WHERE entity = '${entity}')`;
const setMapping = (entity: string, key: number, to: string): string =>
  `UPDATE ${mappings(entity).replace(' m WHERE', ` m SET target_uuid = ${to} WHERE`)} AND m.legacy_id = ${key};`;
const thing = (no: number): string => `(SELECT id FROM things WHERE legacy_id = ${no})`;
export const FAULTS: readonly Fault[] = [
  ...ROW_FAULTS,
  ...VALUE_FAULTS,
  // ---- references
  {
    name: 'another parent, that exists',
    entity: 'things',
    target: `UPDATE things SET maker_id = ${maker(1)} WHERE legacy_id = 82`,
    finds: [['82', 'wrong_parent', 'maker_id']],
  },
  {
    name: 'a parent that does not exist',
    entity: 'things',
    target: 'UPDATE things SET maker_id = gen_random_uuid() WHERE legacy_id = 83',
    finds: [['83', 'orphan', 'maker_id']],
  },
  {
    name: 'a parent that was lost',
    entity: 'things',
    target: 'UPDATE things SET maker_id = NULL WHERE legacy_id = 84',
    finds: [['84', 'wrong_parent', 'maker_id']],
  },
  {
    name: 'a parent where the source has none',
    entity: 'things',
    target: `UPDATE things SET maker_id = ${maker(2)} WHERE legacy_id = 90`,
    finds: [['90', 'wrong_parent', 'maker_id']],
  },
  {
    name: 'two children have swapped their parents',
    entity: 'things',
    target: `UPDATE things SET maker_id = CASE legacy_id WHEN 85 THEN ${maker(3)} ELSE ${maker(2)} END WHERE legacy_id IN (85, 86)`,
    finds: [
      ['85', 'wrong_parent', 'maker_id'],
      ['86', 'wrong_parent', 'maker_id'],
    ],
  },
  {
    name: 'a parent that is native to the target',
    entity: 'things',
    target:
      "INSERT INTO makers VALUES ('00000000-0000-4000-8000-00000000aaaa', NULL, 'native'); UPDATE things SET maker_id = '00000000-0000-4000-8000-00000000aaaa' WHERE legacy_id = 87",
    finds: [['87', 'wrong_parent', 'maker_id']],
  },
  {
    name: 'two parents have swapped their keys',
    entity: 'things',
    target: `UPDATE makers SET id = CASE legacy_id WHEN 5 THEN '00000000-0000-4000-8000-000000000001'::uuid ELSE ${maker(5)} END WHERE legacy_id IN (5, 6); UPDATE makers SET id = (SELECT target_uuid FROM ${mappings('makers')} AND m.legacy_id = 6) WHERE legacy_id = 5`,
    finds: [
      ['4', 'wrong_parent', 'maker_id'],
      ['5', 'wrong_parent', 'maker_id'],
    ],
  },
  {
    name: 'one row too many in a join table',
    entity: 'made',
    target: `INSERT INTO made VALUES (${maker(1)}, ${thing(1)}, NULL)`,
    finds: [['[1, 1]', 'extra']],
  },
  {
    name: 'a row that a join table lacks',
    entity: 'made',
    target: `DELETE FROM made WHERE thing_id = ${thing(4)}`,
    finds: [['[5, 4]', 'missing']],
  },
  {
    name: 'a row of a join table that leads elsewhere',
    entity: 'made',
    target: `UPDATE made SET maker_id = ${maker(12)} WHERE thing_id = ${thing(6)}`,
    finds: [
      ['[7, 6]', 'missing'],
      ['[12, 6]', 'extra'],
    ],
  },
  // ---- keys
  {
    name: 'a key that is NULL',
    entity: 'looses',
    source: 'UPDATE loose SET no = NULL WHERE no = 5',
    finds: [
      ['5', 'extra'],
      ['(null)', 'missing'],
    ],
  },
  {
    name: 'a key that stands for two rows',
    entity: 'looses',
    source: "INSERT INTO loose VALUES (6, 'Label 6')",
    finds: [['6', 'missing']],
  },
  {
    name: 'two target rows that stand for one',
    entity: 'looses',
    target: "INSERT INTO looses VALUES (gen_random_uuid(), 7, 'Label 7')",
    finds: [['7', 'extra']],
  },
  {
    name: 'a key of the empty text',
    entity: 'words',
    target: "DELETE FROM words WHERE word = ''",
    finds: [['', 'missing']],
  },
  {
    name: 'keys that differ in case alone',
    entity: 'words',
    target: "DELETE FROM words WHERE word = 'Z'",
    finds: [['Z', 'missing']],
  },
  {
    name: 'keys whose order is another in each collation',
    entity: 'words',
    target: "UPDATE words SET meaning = 'x' WHERE word IN ('_', 'ä', 'a/b')",
    finds: [
      ['_', 'value', 'meaning'],
      ['ä', 'value', 'meaning'],
      ['a/b', 'value', 'meaning'],
    ],
  },
  {
    name: 'keys with and without leading zeros',
    entity: 'words',
    target:
      "UPDATE words SET meaning = CASE word WHEN '007' THEN 'means 7' ELSE 'means 007' END WHERE word IN ('007', '7')",
    finds: [
      ['007', 'value', 'meaning'],
      ['7', 'value', 'meaning'],
    ],
  },
  {
    name: 'a row of one entity that became one of another',
    entity: 'guests',
    target: "UPDATE people SET kind = 'guest', legacy_id = 99 WHERE kind = 'staff' AND legacy_id = 9",
    finds: [['99', 'extra']],
  },
  // ---- rows that cannot be evaluated
  {
    name: 'an expression that fails on a row',
    entity: 'things',
    source: "UPDATE thing SET fails = 'seven' WHERE no = 100",
    finds: [['100', 'value']],
  },
  {
    name: 'a value that the target cannot hold',
    entity: 'things',
    source: "UPDATE thing SET mood = 'furious' WHERE no = 101",
    finds: [['101', 'value']],
  },
  // ---- mappings
  {
    name: 'two mappings swapped',
    entity: 'makers',
    target: `UPDATE ${mappings('makers').replace(' m WHERE', ` m SET target_uuid = CASE m.legacy_id WHEN 7 THEN ${maker(8)} ELSE ${maker(7)} END WHERE`)} AND m.legacy_id IN (7, 8)`,
    finds: [
      ['7', 'mapping'],
      ['8', 'mapping'],
    ],
  },
  {
    name: 'a mapping to a row that is not there',
    entity: 'makers',
    target: setMapping('makers', 9, 'gen_random_uuid()'),
    finds: [['9', 'mapping']],
  },
  {
    name: 'two mappings on one row',
    entity: 'makers',
    target: setMapping('makers', 10, maker(11)),
    finds: [['10', 'mapping']],
  },
];
