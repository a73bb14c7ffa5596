/** What stands on the other side: a server that speaks chat completions and responses, as model servers do, and a receiver of webhooks. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';

export interface ModelRequest {
  readonly model: string;
  readonly messages?: readonly { readonly role: string; readonly content: string }[];
  readonly input?: string | readonly { readonly content: string | readonly { readonly text: string }[] }[];
  readonly [name: string]: unknown;
}

export interface FakeModel {
  readonly url: string;
  readonly requests: readonly ModelRequest[];
  close(): Promise<void>;
}

export async function startFakeModel(): Promise<FakeModel> {
  const requests: ModelRequest[] = [];
  const served = await serve(async (request, response) => {
    const body = (await json(request)) as ModelRequest;
    requests.push(body);
    const said = saidIn(body);
    const answer = request.url === '/v1/responses' ? responseTo(body, said) : completionOf(body, said);
    const isFirst = requests.filter((one) => saidIn(one) === said).length === 1;
    const status = said === 'refuse this' ? 400 : said === 'too many' && isFirst ? 429 : 200;
    response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '1' });
    response.end(JSON.stringify(answer));
  });
  return { ...served, requests };
}

async function serve(listener: RequestListener) {
  const server = createServer(listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface Received {
  readonly raw: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A receiver of webhooks, which answers 200. */
export async function receive() {
  const received: Received[] = [];
  let look = () => {};
  const { url, close } = await serve(async (request, response) => {
    received.push({ raw: await text(request), headers: request.headers as Readonly<Record<string, string>> });
    response.end();
    look();
  });
  return {
    url: `${url}/hook`,
    got: (count: number) =>
      new Promise<readonly Received[]>((resolve) => {
        look = () => {
          if (received.length >= count) resolve(received);
        };
        look();
      }),
    [Symbol.asyncDispose]: close,
  };
}

function saidIn({ messages, input }: ModelRequest): string {
  if (messages !== undefined) return messages.at(-1)?.content ?? '';
  const content = typeof input === 'string' ? input : (input?.at(-1)?.content ?? '');
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
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
