/** `bide mcp`: the tools of a server, or of one within, for local clients of MCP, which speak over stdio. */
import { ClientError } from '../../client/index.ts';
import { defineCommand, type Invocation } from '../command.ts';
import { targetOf } from '../connection.ts';
import { EXIT, type ExitCode } from '../exit-code.ts';
import { runBridge } from '../mcp/bridge.ts';
import { MCP_OPTIONS, serveEmbedded } from '../mcp/embedded.ts';
import { DATA_FOLDER } from '../service/data-folder.ts';
import { namesDatabase } from '../service/database-choice.ts';
import { usageError } from '../usage-error.ts';

export const mcp = defineCommand({
  name: 'mcp',
  summary: 'serve the tools of a server to a local MCP client, over stdio',
  description:
    'What clients of the Model Context Protocol start as a command. It passes messages to /mcp of a server and back, and keeps nothing: jobs go on ' +
    'when it ends. With --config (or --playground) it is the server itself, on a data folder or a --database of its own; jobs go on at the next start. See docs/dialects/mcp.md.',
  options: MCP_OPTIONS,
  examples: [
    'bide mcp',
    'bide mcp --url https://jobs.example.com --key bide_…',
    'bide mcp --config /home/me/bide.config.ts --data /home/me/bide-data',
  ],
  async run(invocation) {
    const { values } = invocation;
    const isEmbedded = values.config !== undefined || values.playground;
    if (isEmbedded && values.url !== undefined)
      throw usageError('Options --url and --config name two servers: give one.');
    if (!isEmbedded && namesDatabase(values))
      throw usageError(
        'Option --database belongs to --config: without one, the tools are those of the server at --url.',
      );
    return isEmbedded ? serveEmbedded(invocation) : passOn(invocation);
  },
});

async function passOn({ values, env, terminal }: Invocation<typeof MCP_OPTIONS>): Promise<ExitCode> {
  const target = targetOf(values, env);
  if (target === null) {
    const folder = values.data ?? DATA_FOLDER;
    const hint = `start one with \`bide serve --data ${folder}\`, or name one with --url or BIDE_URL`;
    throw new ClientError('UNREACHABLE', `No server is running on ${folder}: ${hint}.`, { status: null });
  }
  const url = new URL('mcp', target.url.endsWith('/') ? target.url : `${target.url}/`).href;
  await runBridge({ url, key: target.key, input: terminal.input, line: (text) => terminal.line(text) });
  return EXIT.succeeded;
}
