/** `bide version`: which Bide, on which Node. */
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-code.ts';
import { packageVersion } from '../package-version.ts';

export const version = defineCommand({
  name: 'version',
  summary: 'print the version',
  options: {},
  examples: ['bide version', 'bide --version'],
  async run({ values, terminal }) {
    const bide = packageVersion();
    const node = process.versions.node;
    terminal.line(values.json ? JSON.stringify({ bide, node }) : `bide ${bide} (Node ${node})`);
    return EXIT.succeeded;
  },
});
