// The commands of docs/troubleshooting.md by the heading under which they stand.
import { readFile } from 'node:fs/promises';
import { blocksOf, commandsOf } from '../docs/markdown.ts';

export interface GuideLine {
  readonly command: string;
  /** The status that is shown. */
  readonly exit: number;
}

/** Sections that have commands, each under its heading without the marks. */
export async function sectionsOf(file: string): Promise<ReadonlyMap<string, readonly GuideLine[]>> {
  // A line that ends with a backslash goes on.
  const document = (await readFile(file, 'utf8')).replace(/ *\\\n */g, ' ');
  const blocks = blocksOf(document).filter(({ language }) => language === 'bash');
  const inBlock = new Set(blocks.flatMap(({ line, text }) => text.split('\n').map((_, i) => line + i)));
  const headings = document
    .split('\n')
    .flatMap((text, i) =>
      /^#+ /.test(text) && !inBlock.has(i + 1) ? [{ line: i + 1, text: text.replace(/^#+ /, '') }] : [],
    );
  const sections = new Map<string, GuideLine[]>();
  for (const block of blocks) {
    const heading = headings.findLast(({ line }) => line < block.line)?.text ?? '';
    const lines = commandsOf(block).map(({ command, exit }) => ({ command: command.trim(), exit }));
    sections.set(heading, [...(sections.get(heading) ?? []), ...lines]);
  }
  return sections;
}
