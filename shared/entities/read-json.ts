/**
 * Reads a mapping file. JSON.parse takes the last of two equal keys without a word and does not always say where it
 * stopped; a mapping that maps a column twice must be refused, with the line. Comments are allowed, as in the examples.
 */
import { PortageError } from '../domain/errors.ts';
import { pathOf } from '../domain/map-faults.ts';

const TOKEN =
  /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|[{}[\]:,]/y;
const SPACE = /(?:[ \t\r\n\ufeff]|\/\/[^\n]*|\/\*[^]*?\*\/)*/y;

/** The document in `text`, or SYS002 with line and column: `where` names the file. */
export function readJson(text: string, where: string): unknown {
  return new Reader(text, where).document();
}

class Reader {
  readonly #text: string;
  readonly #where: string;
  #at = 0;
  #repeated: string[] = [];

  constructor(text: string, where: string) {
    this.#text = text;
    this.#where = where;
  }

  document(): unknown {
    const value = this.#value([]);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#fault(this.#at, 'the end of the file');
    if (this.#repeated.length > 0) {
      throw new PortageError(
        'SYS002',
        [`A key stands twice in one object (${this.#where}):`, ...this.#repeated].join('\n'),
        {
          where: this.#where,
          expected: 'each key once',
        },
      );
    }
    return value;
  }

  #value(path: readonly (string | number)[]): unknown {
    const [token, start] = this.#next('a value');
    if (token === '{') return this.#object(path);
    if (token === '[') return this.#array(path);
    if ('}]:,'.includes(token)) throw this.#fault(start, 'a value');
    return JSON.parse(token) as unknown;
  }

  #object(path: readonly (string | number)[]): unknown {
    const entries = new Map<string, unknown>();
    this.#skipSpace();
    if (this.#text[this.#at] === '}') {
      this.#at++;
      return {};
    }
    do {
      const [token, start] = this.#next('a key');
      if (!token.startsWith('"')) throw this.#fault(start, 'a key');
      const key = JSON.parse(token) as string;
      if (key === '__proto__') throw this.#unusable(start, [...path, key]);
      if (entries.has(key)) this.#repeated.push(`  line ${this.#line(start)}: ${pathOf(...path, key)}`);
      this.#expect([':'], 'a colon');
      entries.set(key, this.#value([...path, key]));
    } while (this.#expect([',', '}'], 'a comma or }') === ',');
    return Object.fromEntries(entries);
  }

  #array(path: readonly (string | number)[]): unknown[] {
    const items: unknown[] = [];
    this.#skipSpace();
    if (this.#text[this.#at] === ']') {
      this.#at++;
      return items;
    }
    do items.push(this.#value([...path, items.length]));
    while (this.#expect([',', ']'], 'a comma or ]') === ',');
    return items;
  }

  #expect(tokens: readonly string[], what: string): string {
    const [token, start] = this.#next(what);
    if (!tokens.includes(token)) throw this.#fault(start, what);
    return token;
  }

  #next(what: string): readonly [string, number] {
    this.#skipSpace();
    const start = this.#at;
    TOKEN.lastIndex = start;
    const token = TOKEN.exec(this.#text)?.[0];
    if (token === undefined) throw this.#fault(start, what);
    this.#at = start + token.length;
    return [token, start];
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)?.[0].length ?? 0;
  }

  #line(at: number): number {
    return this.#text.slice(0, at).split('\n').length;
  }

  /** An entry of this name is left out of every copy of an object: an entity, or a column, would be lost without a word. */
  #unusable(at: number, path: readonly (string | number)[]): PortageError {
    const where = `${this.#where}, line ${this.#line(at)}`;
    return new PortageError('SYS002', `A name of the mapping cannot be used (${where}): ${pathOf(...path)}`, {
      where,
      got: '__proto__',
      expected: 'another name; a column of this name can be read through a view that renames it',
    });
  }

  #fault(at: number, expected: string): PortageError {
    const place = `line ${this.#line(at)}, column ${at - this.#text.lastIndexOf('\n', at - 1)}`;
    const rest = /[^\n]{0,20}/.exec(this.#text.slice(at))?.[0].trim() ?? '';
    const got = at >= this.#text.length ? 'the end of the file' : rest === '' ? 'the end of the line' : rest;
    return new PortageError(
      'SYS002',
      `The mapping is not well-formed JSON (${this.#where}, ${place}): got ${got}, expected ${expected}`,
      {
        where: `${this.#where}, ${place}`,
        got,
        expected,
      },
    );
  }
}
