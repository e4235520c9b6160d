// What the documents hold that can be proved: fenced blocks, links, headings. A block's language and the words after it
// (which no reader sees) say what the test does with it:
//
//   bash              each line is a command and runs; `# exit 1` at its end is the status that is expected (else 0)
//   console           lines that begin with `$ ` run as above, the others are their output; `...` stands for any lines
//   ... no-run        is only shown
//   sql source|target runs in that database; a `text` block after it is the result of its last statement, as psql prints it

export interface Block {
  readonly language: string;
  readonly words: readonly string[];
  readonly text: string;
  /** Of its first line, in the document. */
  readonly line: number;
}

export interface ShownCommand {
  readonly command: string;
  readonly exit: number;
  /** Lines of output as shown; null where none is. */
  readonly output: readonly string[] | null;
}

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { info: string; line: number; lines: string[] } | null = null;
  for (const [i, line] of document.split('\n').entries()) {
    if (open === null) {
      if (line.startsWith('```')) open = { info: line.slice(3), line: i + 2, lines: [] };
    } else if (line.startsWith('```')) {
      const [language = '', ...words] = open.info.split(' ');
      blocks.push({ language, words, text: open.lines.join('\n'), line: open.line });
      open = null;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== null) throw new Error(`the block that begins in line ${open.line} is not closed`);
  return blocks;
}

/** The commands of a bash or console block. */
export function commandsOf({ language, text }: Block): readonly ShownCommand[] {
  if (language === 'bash') {
    const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
    return lines.map((line) => ({ ...shown(line), output: null }));
  }
  const commands: { command: string; exit: number; output: string[] }[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) commands.push({ ...shown(line.slice(2)), output: [] });
    else commands.at(-1)?.output.push(line);
  }
  return commands;
}

function shown(line: string): { command: string; exit: number } {
  const [, command = line, comment = ''] = /^(.*?)(?:\s+#\s(.*))?$/.exec(line) ?? [];
  return { command, exit: Number(/^exit (\d)/.exec(comment)?.[1] ?? 0) };
}

/** A document without its fenced blocks. */
const proseOf = (document: string): string => document.replace(/^```[^]*?^```$/gm, '');

/** Targets of links that lead to files of the project, as they are written. */
export const linksOf = (document: string): readonly string[] =>
  [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '').filter((to) => !/^\w+:/.test(to));

/** The anchors that a reader of the document can be led to, made as GitHub makes them. */
export const anchorsOf = (document: string): readonly string[] =>
  [...proseOf(document).matchAll(/^#+ (.*)$/gm)].map((match) =>
    (match[1] ?? '')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
