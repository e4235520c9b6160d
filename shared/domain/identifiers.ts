/** The one place where names and values become SQL text. */

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A string literal under standard_conforming_strings; a backslash makes it an escape string, which reads alike under both settings. */
export function quoteLiteral(value: string): string {
  const quoted = `'${value.replaceAll("'", "''")}'`;
  return quoted.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

export const literalOrNull = (value: string | null): string => (value === null ? 'NULL' : quoteLiteral(value));

export const qualifiedName = (relation: { readonly schema: string; readonly name: string }): string =>
  `${quoteIdentifier(relation.schema)}.${quoteIdentifier(relation.name)}`;
