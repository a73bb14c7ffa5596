/**
 * The slow HTTP API that the demo makes asynchronous: monthly figures of a weather station, computed on each request.
 *
 * It behaves as such APIs do: the first call is turned away with 503 and `Retry-After`, later ones take a second.
 */
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';

const WORK_MS = 1_000;

export interface WetMonth {
  readonly month: string;
  readonly millimetres: number;
}

/** Listens on a free port of the loopback interface; the caller closes it. */
export async function startUpstream(file: string): Promise<{ readonly server: Server; readonly url: string }> {
  let calls = 0;
  const server = createServer((_request, response) => {
    calls += 1;
    if (calls === 1) turnAway(response);
    else setTimeout(() => answer(response, wettestMonths(file)), WORK_MS);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The upstream has no port.');
  return { server, url: `http://127.0.0.1:${address.port}/wettest-months` };
}

function turnAway(response: ServerResponse): void {
  response.writeHead(503, { 'retry-after': '1', 'content-type': 'application/json' });
  response.end('{"error":"warming up"}');
}

function answer(response: ServerResponse, body: readonly WetMonth[]): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

/** The five months with the most precipitation, the wettest first. */
function wettestMonths(file: string): readonly WetMonth[] {
  const totals = new Map<string, number>();
  for (const line of readFileSync(file, 'utf8').trimEnd().split('\n').slice(1)) {
    const [date = '', precipitation = '0'] = line.split(',');
    const month = date.slice(0, 7);
    totals.set(month, (totals.get(month) ?? 0) + Number(precipitation));
  }
  return [...totals]
    .map(([month, millimetres]) => ({ month, millimetres: Math.round(millimetres * 10) / 10 }))
    .sort((a, b) => b.millimetres - a.millimetres)
    .slice(0, 5);
}
