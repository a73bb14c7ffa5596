/** The few forms of Markdown that the generated pages use. */

/** A page: a mark that it is generated (and from what), a title, and its parts with an empty line between them. */
export function page(title: string, source: string, parts: readonly string[]): string {
  const mark = `<!-- Generated from ${source} by \`npm run gen\`. Do not edit. -->`;
  return `${[mark, `# ${title}`, ...parts].join('\n\n')}\n`;
}

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), `|${' --- |'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return `\`${text}\``;
}

/** A bar would end the cell, a line break the table. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
