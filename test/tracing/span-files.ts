/** What an operator loads with `--import`: an SDK of OpenTelemetry. This one writes each finished span as a line into the folder `SPANS`. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId, threadName } from 'node:worker_threads';
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type ReadableSpan, SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { shownSpan } from './shown-span.ts';

const folder = process.env.SPANS ?? '.';
const file = join(folder, `${process.pid}.${threadId}.jsonl`);
// Which threads have loaded it.
appendFileSync(join(folder, '..', 'loaded'), `${threadName ?? ''}\n`);
const exporter = {
  export(spans: readonly ReadableSpan[], done: (result: { code: number }) => void) {
    for (const span of spans) appendFileSync(file, `${JSON.stringify(shownSpan(span))}\n`);
    done({ code: 0 });
  },
  shutdown: async () => {},
};
trace.setGlobalTracerProvider(new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] }));
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
