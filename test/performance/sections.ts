/** SQL files of named sections (`-- section: NAME`), so that what is measured can be read, and run by hand. */
import { readFileSync } from 'node:fs';

/** Answers the SQL of a section with `:name` variables put in; unknown sections and variables are errors. */
export function sectionsOf(
  file: string,
): (name: string, variables?: Readonly<Record<string, string | number>>) => string {
  const text = readFileSync(new URL(file, import.meta.url), 'utf8');
  const sections = new Map(
    text
      .split(/^-- section: /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf('\n');
        return [part.slice(0, end).trim(), part.slice(end).trim()] as const;
      }),
  );
  return (name, variables = {}) => {
    const sql = sections.get(name);
    if (sql === undefined) throw new Error(`${file} has no section ${name}`);
    return sql.replace(/(?<!:):([a-z]+)\b/g, (_, variable: string) => {
      const value = variables[variable];
      if (value === undefined) throw new Error(`${file}, section ${name}: no value for :${variable}`);
      return String(value);
    });
  };
}
