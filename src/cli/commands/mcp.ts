/** `bide mcp`: the server's tools for local clients of MCP, which speak over stdio. */
import { ClientError } from '../../client/index.ts';
import { defineCommand } from '../command.ts';
import { CONNECTION_OPTIONS, targetOf } from '../connection.ts';
import { EXIT } from '../exit-code.ts';
import { runBridge } from '../mcp/bridge.ts';
import { DATA_FOLDER } from '../service/data-folder.ts';

export const mcp = defineCommand({
  name: 'mcp',
  summary: 'serve the tools of a server to a local MCP client, over stdio',
  description:
    'What clients of the Model Context Protocol start as a command. It passes messages to /mcp of the server and back, and keeps nothing: jobs go on when it ends. See docs/mcp.md.',
  options: CONNECTION_OPTIONS,
  examples: ['bide mcp', 'bide mcp --url https://jobs.example.com --key bide_…'],
  async run({ values, env, terminal }) {
    const target = targetOf(values, env);
    if (target === null) {
      const folder = values.data ?? DATA_FOLDER;
      const hint = `start one with \`bide serve --data ${folder}\`, or name one with --url or BIDE_URL`;
      throw new ClientError('UNREACHABLE', `No server is running on ${folder}: ${hint}.`, { status: null });
    }
    const url = new URL('mcp', target.url.endsWith('/') ? target.url : `${target.url}/`).href;
    await runBridge({ url, key: target.key, input: terminal.input, line: (text) => terminal.line(text) });
    return EXIT.succeeded;
  },
});
