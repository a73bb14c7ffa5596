/** A state diagram, drawn at build time: readers get a picture without a script of three megabytes. */

/** @param diagram Mermaid's `stateDiagram-v2`, of which the pages use arrows alone */
export function pictureOf(diagram: string): string {
  const arrows = [...diagram.matchAll(/^ *(\S+) --> (\S+): (.+)$/gm)].map(([, from = '', to = '', label = '']) => ({
    from,
    to,
    label,
  }));
  if (arrows.length === 0) throw new Error(`no diagram that the site can draw:\n${diagram}`);
  const say = (state: string, other: string) => (state === '[*]' ? other : `**${state}**`);
  const rows = arrows.map(
    ({ from, to, label }) => `| ${say(from, 'nothing yet')} | ${say(to, 'nothing more')} | ${label} |`,
  );
  return ['| from | to | by |', '| --- | --- | --- |', ...rows].join('\n');
}
