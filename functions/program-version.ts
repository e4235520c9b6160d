/** The version of this program: beside it in package.json; a function is bundled without that file. */
import { readFileSync } from 'node:fs';

export function programVersion(): string {
  try {
    const file = new URL('../package.json', import.meta.url);
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
  } catch {
    return 'unknown';
  }
}
