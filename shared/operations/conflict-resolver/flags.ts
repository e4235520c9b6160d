/** Flags that several commands on conflicts share. */
import type { Flag } from '../operation.ts';

export const STRATEGY: Flag = {
  name: 'strategy',
  kind: 'text',
  placeholder: 'S',
  help: 'source_wins, target_wins, newest_wins, merge_fields or manual; or two of them: "merge_fields then source_wins"',
};

export const INCLUDE: Flag = {
  name: 'include',
  kind: 'names',
  placeholder: 'KINDS',
  help: 'beside conflicts: value (edits of the target), missing (deleted in the target), deleted, reappeared, or all',
};
