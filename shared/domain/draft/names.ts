/**
 * How likely two names mean the same thing, where one was abbreviated by somebody long ago: doctor_mst ~ doctors,
 * pat_no ~ patient_id, mgr_no ~ manager_id.
 */
import { slips } from '../nearest-name.ts';

/** Schemas repeat their words: what was found out about one is kept, or a few hundred tables would take minutes. */
function remembered<T>(find: (word: string) => T): (word: string) => T {
  const known = new Map<string, T>();
  return (word) => {
    const before = known.get(word);
    if (before !== undefined) return before;
    const found = find(word);
    known.set(word, found);
    return found;
  };
}

function rememberedPair(find: (a: string, b: string) => number): (a: string, b: string) => number {
  const of = remembered((a) => remembered((b) => find(a, b)));
  return (a, b) => of(a)(b);
}

/** What old schemas add to every table name. */
const NOISE = new Set([
  'mst',
  'master',
  'hdr',
  'header',
  'tbl',
  'tab',
  'table',
  'dtl',
  'detail',
  'rec',
  'data',
  'info',
  't',
]);

/** Words that mean the same in column names, by their first member. */
const SYNONYMS = [
  ['id', 'no', 'nr', 'num', 'number', 'key', 'ref'],
  ['code', 'cd'],
  ['name', 'nm', 'title'],
  ['at', 'on', 'dt', 'date', 'ts', 'time', 'tm', 'day'],
  ['updated', 'upd', 'modified', 'mod', 'changed', 'chg', 'touched'],
  ['created', 'cre', 'crt', 'inserted', 'added'],
  ['phone', 'tel', 'telephone', 'mobile'],
  ['quantity', 'qty', 'amount', 'amt'],
  ['note', 'remark', 'memo', 'comment'],
  ['status', 'state', 'stat', 'st'],
  ['given', 'first', 'fname'],
  ['family', 'last', 'surname', 'lname'],
  ['zip', 'postcode', 'plz'],
  ['employee', 'staff', 'personnel'],
  ['member', 'staff'],
  ['product', 'item', 'article', 'goods'],
  ['appointment', 'visit', 'encounter'],
  ['customer', 'client', 'cust'],
  ['contact', 'phonebook'],
  ['insurer', 'insurance', 'payer'],
  ['prescription', 'rx'],
  ['measurement', 'observation', 'obs'],
  ['diagnosis', 'diag', 'dx'],
  ['hour', 'hr'],
  ['minute', 'min'],
] as const;

/** Words that a column can have or not: phone ~ phone_no, role ~ role_cd, is_rush ~ rush, display_name ~ name. */
const FILLERS = new Set([
  'no',
  'nr',
  'num',
  'number',
  'cd',
  'code',
  'addr',
  'address',
  'is',
  'has',
  'txt',
  'text',
  'val',
  'flag',
  'flg',
  'display',
]);

/** The words of a name: split at underscores, changes of case and digits, in lower case and singular. */
export const words = remembered((name) => {
  const parts = name
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .filter((part) => part !== '');
  return parts.map(singular);
});

/** The words of a table's name without what old schemas add to every table. */
export const tableWords = remembered((name) => {
  const all = words(name);
  return without(all, NOISE);
});

function singular(word: string): string {
  if (word.length > 3 && word.endsWith('ies')) return `${word.slice(0, -3)}y`;
  if (/(ss|x|ch|sh)es$/.test(word)) return word.slice(0, -2);
  return word.length > 3 && word.endsWith('s') && !/(ss|us|is)$/.test(word) ? word.slice(0, -1) : word;
}

const isSynonym = (a: string, b: string): boolean =>
  SYNONYMS.some((group) => (group as readonly string[]).includes(a) && (group as readonly string[]).includes(b));

/** All letters of the shorter in the order of the longer, from the same first letter: itm ~ item. */
function abbreviates(short: string, long: string): boolean {
  if (short.length < 2 || !long.startsWith(short.charAt(0))) return false;
  let at = 0;
  for (const letter of long) if (letter === short[at]) at++;
  return at === short.length;
}

/** 1 for the same word, 0 for words that have nothing in common. */
const wordLikeness = rememberedPair((a, b) => {
  if (a === b) return 1;
  if (isSynonym(a, b)) return 0.9;
  const [short, long] = a.length <= b.length ? [a, b] : [b, a];
  if (short.length >= 3 && long.startsWith(short)) return 0.85;
  if (abbreviates(short, long)) return short.length >= 3 ? 0.75 : 0.6;
  const alike = 1 - slips(a, b) / long.length;
  return alike >= 0.7 ? alike * 0.9 : 0;
});

/** Each word with its best partner on the other side: 1 when every word has one, 0 when none has. */
export function likeness(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const bestOfB = b.map(() => 0);
  let sum = 0;
  for (const word of a) {
    let best = 0;
    for (const [i, other] of b.entries()) {
      const alike = wordLikeness(word, other);
      best = Math.max(best, alike);
      bestOfB[i] = Math.max(bestOfB[i] ?? 0, alike);
    }
    sum += best;
  }
  return bestOfB.reduce((total, best) => total + best, sum) / (a.length + b.length);
}

/** Of two columns: the words of their own tables (pat_ in patient_mst) may be there or not, and fillers count little. */
export function columnLikeness(a: { column: string; table: string }, b: { column: string; table: string }): number {
  const [whole, other] = [words(a.column), words(b.column)];
  const [bare, otherBare] = [wordsWithoutTable(a.table)(a.column), wordsWithoutTable(b.table)(b.column)];
  const full = likeness(whole, other);
  // Most columns have no word of their table, and no filler: nothing else is to be tried then.
  const withOrWithout =
    bare === whole && otherBare === other
      ? full
      : Math.max(likeness(bare, otherBare), likeness(bare, other), likeness(whole, otherBare));
  const [plain, otherPlain] = [without(bare, FILLERS), without(otherBare, FILLERS)];
  const filled = plain === bare && otherPlain === otherBare ? 0 : likeness(plain, otherPlain);
  return Math.max(full, 0.97 * withOrWithout, 0.85 * filled);
}

const wordsWithoutTable = remembered((table) => remembered((column) => withoutTable({ column, table })));

function withoutTable({ column, table }: { column: string; table: string }): readonly string[] {
  const [all, own] = [words(column), tableWords(table)];
  const rest = all.filter((word) => !own.some((part) => wordLikeness(word, part) >= 0.75));
  return rest.length > 0 && rest.length < all.length ? rest : all;
}

function without(all: readonly string[], dropped: ReadonlySet<string>): readonly string[] {
  const rest = all.filter((word) => !dropped.has(word));
  return rest.length > 0 && rest.length < all.length ? rest : all;
}
