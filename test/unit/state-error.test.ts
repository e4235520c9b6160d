import { expect, test } from '@jest/globals';
import { codeNamed, faultOf, messageOf } from '../../shared/domain/state-error.ts';

test('the message of an error is found in the cause that Lambda wraps around it', () => {
  const cause = JSON.stringify({ errorType: 'M003', errorMessage: 'no such parent', trace: ['at x'] });
  expect(messageOf({ Error: 'M003', Cause: cause })).toBe('no such parent');
});

test.each([
  ['a cause that is text', { Error: 'States.Timeout', Cause: 'took too long' }, 'took too long'],
  ['no cause at all', { Error: 'States.Timeout' }, 'States.Timeout'],
  ['JSON of another shape', { Error: 'X', Cause: '{"reason":1}' }, '{"reason":1}'],
  ['a message that is no text', { Error: 'X', Cause: '{"errorMessage":1}' }, '{"errorMessage":1}'],
  ['JSON that is null', { Error: 'X', Cause: 'null' }, 'null'],
])('%s is given as it is', (_, error, expected) => {
  expect(messageOf(error)).toBe(expected);
});

test.each([
  ['M003', 'M003'],
  ['States.Timeout', 'M002'],
  ['Sandbox.Timedout', 'M002'],
  ['Runtime.ExitError', 'SYS008'],
  ['toString', 'SYS008'],
])('an error named %s has the code %s', (name, code) => {
  expect(codeNamed(name)).toBe(code);
});

test('a slice, a lane or a piece that ran out of its time is recorded with the code of a timeout', () => {
  expect(faultOf({ Error: 'Sandbox.Timedout', Cause: '{"errorMessage":"Task timed out"}' })).toEqual({
    code: 'M002',
    message: 'Task timed out',
  });
  expect(faultOf({ Error: 'M012', Cause: 'refused' })).toEqual({ code: 'M012', message: 'refused' });
  expect(faultOf({ Error: 'TypeError' })).toEqual({ code: 'SYS008', message: 'TypeError' });
});
