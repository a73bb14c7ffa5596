/** The MCP client of the demo: each call of a tool is a task, made, followed, and read when it is done. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Json } from '../../src/core/job.ts';
import type { StandardClient } from './client.ts';

export const mcpClient: StandardClient = {
  name: 'mcp',
  title: '@modelcontextprotocol/sdk: tools as tasks',
  async open({ url, key }) {
    const client = new Client({ name: 'demo', version: '1' }, { capabilities: {} });
    const requestInit = { headers: { authorization: `Bearer ${key}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
    await client.listTools();
    return {
      async run(type, input) {
        const call = { name: type, arguments: (input ?? {}) as Record<string, unknown> };
        const told = client.experimental.tasks.callToolStream(call, CallToolResultSchema, { task: {} });
        for await (const message of told) {
          if (message.type === 'error') throw message.error;
          if (message.type === 'result') return resultOf(message.result as Result);
        }
        throw new Error('The stream of the call ended without a result.');
      },
      close: () => client.close(),
    };
  },
};

interface Result {
  readonly structuredContent?: { readonly [name: string]: unknown };
  readonly content: readonly { readonly type: string; readonly text?: string }[];
}

function resultOf({ structuredContent, content }: Result): Json {
  if (structuredContent !== undefined) return structuredContent as Json;
  return JSON.parse(content.find(({ type }) => type === 'text')?.text ?? 'null') as Json;
}
