/** A server that speaks chat completions and responses, as model servers do: it says what it was told. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

export interface ModelRequest {
  readonly model: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly input?: string | readonly { readonly content: readonly { readonly text: string }[] }[];
  readonly [name: string]: unknown;
}

export interface FakeModel {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  close(): Promise<void>;
}

export async function startFakeModel(): Promise<FakeModel> {
  const requests: ModelRequest[] = [];
  const server = createServer(async (request, response) => {
    const body = (await json(request)) as ModelRequest;
    requests.push(body);
    const said = saidIn(body);
    const answer = request.url === '/v1/responses' ? responseTo(body, said) : completionOf(body, said);
    response.writeHead(said === 'refuse this' ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function saidIn({ messages, input }: ModelRequest): string {
  if (messages !== undefined) return messages.at(-1)?.content ?? '';
  if (typeof input === 'string') return input;
  return (
    input
      ?.at(-1)
      ?.content.map(({ text }) => text)
      .join('') ?? ''
  );
}

const TOOL_CALL = { id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"at":"it"}' } };

function completionOf({ model }: ModelRequest, said: string) {
  const isCall = said === 'call a tool';
  const message = isCall
    ? { role: 'assistant', content: null, tool_calls: [TOOL_CALL] }
    : { role: 'assistant', content: `You said: ${said}` };
  return {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1,
    model,
    choices: [{ index: 0, message, finish_reason: isCall ? 'tool_calls' : 'stop' }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 },
  };
}

function responseTo({ model }: ModelRequest, said: string) {
  const content = [{ type: 'output_text', text: `You said: ${said}`, annotations: [] }];
  return {
    id: 'resp_upstream',
    object: 'response',
    created_at: 1,
    status: 'completed',
    model,
    output: [{ id: 'msg_upstream', type: 'message', status: 'completed', role: 'assistant', content }],
    usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 },
  };
}
