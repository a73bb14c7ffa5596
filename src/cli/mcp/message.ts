/** What has to be known of a message of MCP to pass it on: which it is, and the headers that repeat it. Pure. */

export interface Message {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: {
    readonly name?: unknown;
    readonly arguments?: unknown;
    readonly taskId?: unknown;
    readonly requestId?: unknown;
    readonly _meta?: Readonly<Record<string, unknown>>;
  };
}

const VERSION = 'io.modelcontextprotocol/protocolVersion';
const PRINTABLE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** Null for a line that is no message. */
export function messageOf(line: string): Message | null {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && !Array.isArray(message) ? (message as Message) : null;
  } catch {
    return null;
  }
}

/** Of a message of 2026, which says by itself what it is; none for others. */
export function repeatedHeaders({ method = '', params = {} }: Message): Readonly<Record<string, string>> {
  const version = params._meta?.[VERSION];
  if (typeof version !== 'string') return {};
  const name = params.name ?? params.taskId;
  return {
    'mcp-protocol-version': version,
    'mcp-method': method,
    ...(typeof name === 'string' ? { 'mcp-name': headerValue(name) } : {}),
  };
}

/** As headers carry any text: what is no plain ASCII in base64, in a wrapper. */
export function headerValue(text: string): string {
  if (PRINTABLE.test(text) && !text.startsWith('=?base64?')) return text;
  return `=?base64?${Buffer.from(text).toString('base64')}?=`;
}
