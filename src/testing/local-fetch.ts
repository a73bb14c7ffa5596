/** The native API without a socket: a `fetch` for clients of the same process. */
import { Readable } from 'node:stream';
import { type FastifyInstance, fastify, type InjectOptions } from 'fastify';
import type { Bide } from '../app/library.ts';
import type { JobShapes } from '../client/job-types.ts';
import { SCOPES } from '../core/scopes.ts';

export interface LocalFetch {
  readonly fetch: typeof fetch;
  close(): Promise<void>;
}

/** Its server is made by the first request: most tests send none. */
export function localFetch(
  routes: Bide<JobShapes>['routes'],
  { tenant, letRun }: { readonly tenant: string; readonly letRun: () => () => void },
): LocalFetch {
  let app: Promise<FastifyInstance> | null = null;

  async function open(): Promise<FastifyInstance> {
    const made = fastify();
    await made.register(routes, { identify: () => ({ tenant, scopes: SCOPES }) });
    await made.ready();
    return made;
  }

  return {
    async fetch(input, init) {
      app ??= open();
      const { inject } = await app;
      const request = new Request(input, init);
      const { pathname, search } = new URL(request.url);
      const body = request.body === null ? null : Buffer.from(await request.arrayBuffer());
      const signal = init?.signal ?? undefined;
      signal?.throwIfAborted();
      const asked = inject({
        method: request.method as NonNullable<InjectOptions['method']>,
        url: pathname + search,
        headers: Object.fromEntries(request.headers),
        ...(body === null ? {} : { payload: body }),
        ...(signal === undefined ? {} : { signal }),
        payloadAsStream: true,
      });
      const over = isWait(request) ? letRun() : () => {};
      // At once: it begins when somebody asks for its end, and a signal that has fired by then would be thrown where nobody listens.
      return asked.then(responseOf).finally(over);
    },
    async close() {
      await (await app)?.close();
    },
  };
}

/** Whoever waits for a job wants it to run. */
function isWait({ url, headers }: Request): boolean {
  const { pathname, searchParams } = new URL(url);
  const prefers = /\bwait\b/.test(headers.get('prefer') ?? '');
  return prefers || pathname.endsWith('/wait') || Number(searchParams.get('wait') ?? 0) > 0;
}

type Injected = Awaited<ReturnType<FastifyInstance['inject']>>;

const BODILESS: ReadonlySet<number> = new Set([204, 304]);

function responseOf({ statusCode, headers, stream }: Injected): Response {
  const pairs = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, String(value)] as [string, string]],
  );
  const body = BODILESS.has(statusCode) ? null : (Readable.toWeb(stream()) as ReadableStream<Uint8Array>);
  return new Response(body, { status: statusCode, headers: pairs });
}
