// Faults of the data: each is planted alone, and the verifier must name its row and say what is wrong with it. A fault may be in
// a border row, in a value that looks equal, in a reference, in a mapping, or in a key.

export type Kind = 'missing' | 'extra' | 'value' | 'orphan' | 'wrong_parent' | 'mapping';

export interface Fault {
  readonly name: string;
  readonly source?: string;
  readonly target?: string;
  /** Entity and legacy key of what must be named, with its kind; and the column of a value. */
  readonly entity: string;
  readonly finds: readonly (readonly [legacyId: string, kind: Kind, column?: string])[];
}

const value = (name: string, key: number, column: string, sql: string): Fault => ({
  name,
  entity: 'things',
  target: `UPDATE things SET ${column} = ${sql} WHERE legacy_id = ${key}`,
  finds: [[String(key), 'value', column]],
});
/** Both sides are set first, to two values that are easily taken for one. */
const pair = (name: string, key: number, column: string, ofSource: string, ofTarget: string): Fault => ({
  name,
  entity: 'things',
  source: `UPDATE thing SET ${column} = ${ofSource} WHERE no = ${key}`,
  target: `UPDATE things SET ${column} = ${ofTarget} WHERE legacy_id = ${key}`,
  finds: [[String(key), 'value', column]],
});
const maker = (no: number): string => `(SELECT id FROM makers WHERE legacy_id = ${no})`;
const mappings = (entity: string): string =>
  `portage.uuid_mappings m WHERE m.entity_id = (SELECT entity_id FROM portage.entities WHERE entity = '${entity}')`;
const setMapping = (entity: string, key: number, to: string): string =>
  `UPDATE ${mappings(entity).replace(' m WHERE', ` m SET target_uuid = ${to} WHERE`)} AND m.legacy_id = ${key};`;
const thing = (no: number): string => `(SELECT id FROM things WHERE legacy_id = ${no})`;
export const FAULTS: readonly Fault[] = [
  // ---- borders, and rows that are not there
  value('the first row differs', 1, 't', "'other'"),
  value('the last row differs', 120, 't', "'other'"),
  {
    name: 'the first row is not there',
    entity: 'things',
    target: 'DELETE FROM things WHERE legacy_id = 1',
    finds: [['1', 'missing']],
  },
  {
    name: 'the last row is not there',
    entity: 'things',
    target: 'DELETE FROM things WHERE legacy_id = 120',
    finds: [['120', 'missing']],
  },
  {
    name: 'the source has a row beyond the last',
    entity: 'makers',
    source: "INSERT INTO maker VALUES (2000000000, 'late')",
    finds: [['2000000000', 'missing']],
  },
  {
    name: 'the source has a row before the first',
    entity: 'makers',
    source: "INSERT INTO maker VALUES (-5, 'early')",
    finds: [['-5', 'missing']],
  },
  {
    name: 'the target has a tail beyond the last key',
    entity: 'makers',
    target: "INSERT INTO makers VALUES (gen_random_uuid(), 900000, 'tail')",
    finds: [['900000', 'extra']],
  },
  {
    name: 'the target has a row before the first',
    entity: 'makers',
    target: "INSERT INTO makers VALUES (gen_random_uuid(), 0, 'zero')",
    finds: [['0', 'extra']],
  },
  {
    name: 'the whole target is empty',
    entity: 'staff',
    target: "DELETE FROM people WHERE kind = 'staff'",
    finds: [
      ['1', 'missing'],
      ['30', 'missing'],
    ],
  },
  {
    name: 'the whole source is empty',
    entity: 'guests',
    source: 'DELETE FROM guest',
    finds: [
      ['1', 'extra'],
      ['30', 'extra'],
    ],
  },
  {
    name: 'a row left the filter',
    entity: 'staff',
    source: 'UPDATE staff SET active = false WHERE no = 7',
    finds: [['7', 'extra']],
  },
  // ---- differences that may cancel each other
  {
    name: 'two rows have swapped their values',
    entity: 'things',
    target:
      "UPDATE things SET t = CASE legacy_id WHEN 10 THEN 'Text 11' ELSE 'Text 10' END WHERE legacy_id IN (10, 11)",
    finds: [
      ['10', 'value', 't'],
      ['11', 'value', 't'],
    ],
  },
  {
    name: 'two rows have the same difference',
    entity: 'things',
    target: 'UPDATE things SET i = 5 WHERE legacy_id IN (12, 13)',
    finds: [
      ['12', 'value', 'i'],
      ['13', 'value', 'i'],
    ],
  },
  {
    name: 'two rows have swapped their identities',
    entity: 'makers',
    target: 'UPDATE makers SET legacy_id = CASE legacy_id WHEN 3 THEN 4 ELSE 3 END WHERE legacy_id IN (3, 4)',
    finds: [
      ['3', 'value', 'name'],
      ['4', 'value', 'name'],
    ],
  },
  {
    name: 'one row is gone and one too many',
    entity: 'staff',
    target: "UPDATE people SET legacy_id = 31 WHERE kind = 'staff' AND legacy_id = 30",
    finds: [
      ['30', 'missing'],
      ['31', 'extra'],
    ],
  },
  {
    name: 'one value went up by what another went down',
    entity: 'things',
    target: 'UPDATE things SET i = i + CASE legacy_id WHEN 20 THEN 7 ELSE -7 END WHERE legacy_id IN (20, 21)',
    finds: [
      ['20', 'value', 'i'],
      ['21', 'value', 'i'],
    ],
  },
  // ---- texts
  value('a text was cut', 30, 't', "'Text 3'"),
  value('a trailing blank', 31, 't', "'Text 31 '"),
  value('a leading blank', 32, 't', "' Text 32'"),
  pair('NULL and the empty text', 33, 't', 'NULL', "''"),
  pair('the empty text and NULL', 34, 't', "''", 'NULL'),
  value('one letter in upper case', 35, 't', "'TEXT 35'"),
  value('case in citext', 36, 'ci', "'CASE 36'"),
  pair('composed and decomposed letters', 37, 't', "U&'caf\\00E9'", "U&'cafe\\0301'"),
  value('a space of no width', 38, 't', "'Text 38' || chr(8203)"),
  pair('line ends of another system', 39, 't', "E'a\\nb'", "E'a\\r\\nb'"),
  pair('a difference after ten thousand letters', 40, 't', "repeat('x', 10000) || 'a'", "repeat('x', 10000) || 'b'"),
  pair('an encoding read wrongly', 41, 't', "'Müller'", "convert_from(convert_to('Müller', 'UTF8'), 'LATIN1')"),
  pair('leading zeros', 42, 'v', "'007'", "'7'"),
  value('another char in a padded column', 43, 'c', "'C44'"),
  // ---- numbers
  pair('1.0 and 1.00', 44, 'n', '1.0', '1.00'),
  pair('a cent', 45, 'm', '1.00', '1.01'),
  pair('zero and minus zero', 46, 'f', "'0'::float8", "'-0'::float8"),
  pair('NaN and NULL', 47, 'f', "'NaN'", 'NULL'),
  pair('NaN and infinity of numeric', 48, 'f', "'NaN'", "'Infinity'"),
  pair('infinity and the largest number', 49, 'f', "'Infinity'", '1.7976931348623157e308'),
  pair('the last digit of a float', 50, 'f', '0.1::float8 + 0.2::float8', '0.3'),
  pair('integers beyond what a double holds', 51, 'i', '9007199254740993', '9007199254740992'),
  value('a flag', 52, 'b', 'NOT b'),
  pair('NULL and false', 53, 'b', 'NULL', 'false'),
  // ---- times
  value('a microsecond', 54, 'ts', "ts + interval '1 microsecond'"),
  value('an hour, as of another time zone', 55, 'tz', "tz + interval '1 hour'"),
  pair('an hour that daylight saving skips', 56, 'ts', "'2024-03-31 02:30:00'", "'2024-03-31 03:30:00'"),
  value('a day', 57, 'd', 'd + 1'),
  pair('infinity and a late date', 58, 'd', "'infinity'", "'9999-12-31'"),
  pair('a month and thirty days', 59, 'iv', "'1 month'", "'30 days'"),
  pair('a day and 24 hours', 60, 'iv', "'1 day'", "'24 hours'"),
  value('a second of the day', 61, 'tm', "tm + interval '1 second'"),
  // ---- composed values
  pair('a scale in jsonb', 62, 'j', `'{"n": 1}'`, `'{"n": 1.0}'`),
  pair('null in jsonb and no field', 63, 'j', `'{"n": null}'`, `'{}'`),
  pair('the order of keys in json', 64, 'js', `'{"a":1,"b":2}'`, `'{"b":2,"a":1}'`),
  pair('blanks in json', 65, 'js', `'{"a":1}'`, `'{"a": 1}'`),
  pair('the order of an array', 66, 'a', 'ARRAY[1, 2]', 'ARRAY[2, 1]'),
  pair('where an array begins', 67, 'a', "'[1:2]={1,2}'", "'[0:1]={1,2}'"),
  pair('an empty array and NULL', 68, 'a', "'{}'", 'NULL'),
  pair('NULL in an array and the word', 69, 'ta', 'ARRAY[NULL]::text[]', "ARRAY['NULL']"),
  pair('bytes of length zero and NULL', 70, 'by', "''::bytea", 'NULL'),
  value('one byte', 71, 'by', 'set_byte(by, 0, 1)'),
  pair('a mask of an address', 72, 'ip', "'10.0.0.1/24'", "'10.0.0.1'"),
  value('a label of an enum', 73, 'mood', "'glad'"),
  value('a uuid', 74, 'u', 'gen_random_uuid()'),
  value('a point', 75, 'pt', 'point(75, 3)'),
  value('the end of a range', 76, 'dr', "daterange(date '2024-01-01', date '2024-02-01', '[]')"),
  value('a constant of the map', 77, 'origin', "'new'"),
  value('what an expression makes', 78, 'number', 'number + 1'),
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
