/** For tests: the protocol's own clients, unchanged but for the address and the key. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import {
  createApplicationInputHandler,
  createTaskSessionFromClient,
  DispatchError,
  type RawClientDispatch,
  type TaskEnabledSession,
} from '@modelcontextprotocol/ext-tasks/client';
import type { JsonValue } from '@modelcontextprotocol/ext-tasks/core';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

export interface Place {
  readonly url: string;
  readonly key: string;
}

const INFO = { name: 'test', version: '1.0.0' };
const ANSWER = { action: 'accept', content: { approved: true } } as const;

/** The client of 2025 (`@modelcontextprotocol/sdk` 1.x). It fills in every form it is shown. */
export async function connectClient({ url, key }: Place): Promise<Client> {
  const client = new Client(INFO, { capabilities: { elicitation: {} } });
  client.setRequestHandler(ElicitRequestSchema, () => ({ ...ANSWER }));
  const requestInit = { headers: { authorization: `Bearer ${key}` } };
  const reconnectionOptions = {
    initialReconnectionDelay: 200,
    maxReconnectionDelay: 1_000,
    reconnectionDelayGrowFactor: 1,
    maxRetries: 60,
  };
  const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit, reconnectionOptions });
  // Its own types differ where a property may be undefined.
  await client.connect(transport as Transport);
  return client;
}

const VERSION = '2026-07-28';
const CAPABILITIES = { elicitation: {}, extensions: { 'io.modelcontextprotocol/tasks': {} } };

export interface ModernSession {
  readonly client: ModernClient;
  readonly session: TaskEnabledSession;
}

/** The client of 2026 (`@modelcontextprotocol/client` 2.x) with the extension for tasks. */
export async function connectModern(place: Place): Promise<ModernSession> {
  const client = new ModernClient(INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode: { pin: VERSION } },
  });
  const requestInit = { headers: { authorization: `Bearer ${place.key}` } };
  await client.connect(new ModernTransport(new URL(`${place.url}/mcp`), { requestInit }));
  const input = createApplicationInputHandler({
    elicitation: () => ({ ...ANSWER }),
    sampling: () => Promise.reject(new Error('Nobody asked for a sample.')),
    roots: () => Promise.reject(new Error('Nobody asked for roots.')),
  });
  const session = createTaskSessionFromClient(client, {
    endpointId: 'test',
    rawDispatch: dispatchTo(place),
    v2RequestFraming: { protocolVersion: VERSION, clientInfo: INFO, clientCapabilities: CAPABILITIES },
    onInputRequest: input,
  });
  return { client, session };
}

interface RpcAnswer {
  readonly result?: JsonValue;
  readonly error?: { readonly code: number; readonly message: string };
}

/** The extension leaves the sending of requests to its host: this is all that a host has to do. */
function dispatchTo({ url, key }: Place): RawClientDispatch {
  let id = 0;
  return async (request, options) => {
    id += 1;
    const { method, params } = request as {
      readonly method: string;
      readonly params: { name?: string; taskId?: string };
    };
    const name = params.name ?? params.taskId;
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'mcp-protocol-version': VERSION,
      'mcp-method': method,
      ...(name === undefined ? {} : { 'mcp-name': name }),
    };
    const body = JSON.stringify({ jsonrpc: '2.0', id: `raw-${id}`, method, params });
    const signal = options?.signal ?? null;
    const answer = await fetch(`${url}/mcp`, { method: 'POST', headers, body, signal }).catch((error: unknown) => {
      throw new DispatchError('The server is away.', true, { cause: error });
    });
    const { result = null, error } = (await answer.json()) as RpcAnswer;
    return error === undefined ? { kind: 'result', result } : { kind: 'error', error };
  };
}
