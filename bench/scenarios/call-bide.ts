/** One call of Bide's HTTP API on kept connections. */
import { Agent, request } from 'node:http';
import type { BideServer } from '../servers/start-server.ts';

const agent = new Agent({ keepAlive: true });

/** What was answered. Rejects for whatever is no success, and when there is no answer in time. */
export function callBide<Body>(
  { url, headers }: Pick<BideServer, 'url' | 'headers'>,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Body> {
  return new Promise((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const call = request(
      `${url}${path}`,
      { method, agent, headers: { ...headers, ...type }, timeout: 60_000 },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('error', reject);
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          if ((response.statusCode ?? 0) < 400) resolve((text === '' ? null : JSON.parse(text)) as Body);
          else reject(new Error(`${method} ${path} was answered with ${response.statusCode}: ${text.slice(0, 200)}`));
        });
      },
    );
    call.on('timeout', () => call.destroy(new Error(`${method} ${path} had no answer within a minute`)));
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
