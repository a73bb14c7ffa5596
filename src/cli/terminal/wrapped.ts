/** Text in lines of a width, broken between words; a word that is longer stands alone and whole. */

export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The text beside its head, all lines of it from column `indent` on; below a head that is too long for that. */
export function beside(
  head: string,
  text: string,
  { indent, width }: { indent: number; width: number },
): readonly string[] {
  const lines = wrapped(text, width - indent).map((line) => ' '.repeat(indent) + line);
  const [first = '', ...rest] = lines;
  return head.length > indent - 2 ? [head, ...lines] : [head.padEnd(indent) + first.trimStart(), ...rest];
}
