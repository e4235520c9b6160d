// Rows at the borders, rows that are not there, and differences that may cancel each other.
import { value, type Fault } from './fault.ts';

export const ROW_FAULTS: readonly Fault[] = [
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
];
