/** A remote worker in a process of its own: `URL KEY UPSTREAM`. It calls the upstream for each job, in its trace. */
import { createClient, runWorker } from '../../src/client/index.ts';

const [url = '', key = '', upstream = ''] = process.argv.slice(2);
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
await runWorker(createClient({ url, key }), {
  types: ['far'],
  signal: stop.signal,
  async handle(_job, { traceparent }) {
    await fetch(`${upstream}/far`, { method: 'POST', headers: { traceparent: traceparent ?? '' } });
    return { traceparent };
  },
});
