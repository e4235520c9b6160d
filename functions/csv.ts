/** CSV as RFC 4180 has it, with line feeds; null is an empty field. */
export const csvLine = (fields: readonly (string | null)[]): string => `${fields.map(csvField).join(',')}\n`;

const csvField = (text: string | null): string =>
  text === null ? '' : /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
