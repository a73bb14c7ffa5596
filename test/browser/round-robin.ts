/** A proxy as stands before several nodes: every connection goes to the next of them, and so does every request, since none is kept. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

export interface RoundRobin extends AsyncDisposable {
  readonly url: string;
  /** Requests that each node was given so far, in their order. */
  readonly counts: readonly number[];
}

export async function startRoundRobin(nodes: readonly string[]): Promise<RoundRobin> {
  const counts = nodes.map(() => 0);
  let turn = 0;
  const forward = (incoming: IncomingMessage, answer: ServerResponse) => {
    const at = turn % nodes.length;
    turn += 1;
    counts[at] = (counts[at] ?? 0) + 1;
    const { method = 'GET', url = '/', headers } = incoming;
    const outgoing = request(new URL(url, nodes[at]), { method, headers, agent: false }, (reply) => {
      answer.writeHead(reply.statusCode ?? 502, reply.headers);
      // What a stream has to say is passed on at once.
      answer.flushHeaders();
      // A node that dies in the middle cuts its caller off, as a proxy does.
      pipeline(reply, answer, () => {});
    });
    outgoing.on('error', () => answer.destroy());
    answer.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  };
  const server = createServer(forward);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    counts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
