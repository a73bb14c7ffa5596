/** What a client knows of a config, checked by the compiler: each wrong use below must be an error, or the type check fails. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Type } from 'typebox';
import * as v from 'valibot';
import { z } from 'zod';
import { command, defineConfig, http, remote, resultOf, sql } from '../config/define-config.ts';
import { typebox } from '../config/typebox-schema.ts';
import type { Json } from '../core/job.ts';
import { type Client, createClient } from './client.ts';
import type { JobsOf } from './job-types.ts';
import type { TypedClient } from './typed-client.ts';

const config = defineConfig({
  types: {
    greet: {
      input: z.object({ name: z.string(), loud: z.boolean().default(false) }),
      run: ({ name }) => ({ hello: name }),
    },
    shout: { input: v.object({ text: v.string() }), run: async ({ text }) => text.toUpperCase() },
    resize: { input: typebox(Type.Object({ width: Type.Integer() })), run: ({ width }) => [width, width * 2] as const },
    annotated: async (input: { count: number }) => input.count,
    anything: (input) => input,
    nothing: () => {},
    dated: () => ({ at: new Date(0), left: undefined as string | undefined, list: [{ at: new Date(0) }] }),
    bytes: () => new Uint8Array(1),
    async *stream() {
      yield 'a part';
      return { parts: 1 };
    },
    program: command({
      program: 'true',
      input: z.object({ file: z.string() }),
      result: resultOf<{ seconds: number }>(),
    }),
    upstream: http({ url: 'https://example.com/' }),
    query: sql({ datasets: { flights: 'flights.parquet' } }),
    left: remote({ input: z.object({ url: z.string() }), result: resultOf<{ thumb: string }>() }),
  },
});

type Jobs = JobsOf<typeof config>;
type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Does not compile where it is not so. */
function holds<_ extends true>(): void {}

holds<Equal<Jobs['greet']['input'], { name: string; loud?: boolean | undefined }>>();
holds<Equal<Jobs['greet']['result'], { hello: string }>>();
holds<Equal<Jobs['shout'], { readonly input: { text: string }; readonly result: string }>>();
holds<Equal<Jobs['resize'], { readonly input: { width: number }; readonly result: readonly [number, number] }>>();
holds<Equal<Jobs['annotated'], { readonly input: { count: number }; readonly result: number }>>();
holds<Equal<Jobs['anything'], { readonly input: unknown; readonly result: Json }>>();
holds<Equal<Jobs['nothing']['result'], null>>();
holds<
  Jobs['dated']['result'] extends {
    readonly at: string;
    readonly left: string | undefined;
    readonly list: readonly { readonly at: string }[];
  }
    ? true
    : false
>();
holds<Equal<Jobs['bytes']['result'], Uint8Array>>();
holds<Equal<Jobs['stream']['result'], { parts: number }>>();
holds<Equal<Jobs['program'], { readonly input: { file: string }; readonly result: { seconds: number } }>>();
holds<Equal<Jobs['upstream'], { readonly input: unknown; readonly result: Json | Uint8Array }>>();
holds<Equal<Jobs['query']['result'], Json | Uint8Array>>();
holds<Equal<Jobs['left'], { readonly input: { url: string }; readonly result: { thumb: string } }>>();

// @ts-expect-error there is no option `slot`
command({ program: 'true', slot: 3 });
// @ts-expect-error there is no option `slot`
remote({ slot: 3 });

/** Compiled, never called: there is no server. */
async function calls(client: TypedClient<Jobs>): Promise<void> {
  const job = await client.submit('greet', { name: 'Ada' }, { priority: 1, idempotencyKey: 'k' });
  holds<Equal<typeof job.type, 'greet'>>();
  holds<Equal<typeof job.result, { hello: string } | null>>();
  const same = await client.submit({ type: 'greet', input: { name: 'Ada' }, tags: { a: 'b' } });
  holds<Equal<typeof same.result, { hello: string } | null>>();
  holds<Equal<Awaited<ReturnType<typeof client.run<'shout'>>>, string>>();
  const said: string = await client.run('shout', { text: 'hi' }, { waitMs: 1_000 });
  await client.submit('nothing');
  await client.run('upstream');
  const { job: waited } = await client.wait(job, { timeoutMs: 1 });
  const hello: string | undefined = waited.result?.hello;
  const { job: named } = await client.wait({ id: 'from a URL', type: 'left' });
  const thumb: string | undefined = named.result?.thumb;
  const { job: anyone } = await client.wait('an id alone');
  holds<Equal<typeof anyone.result, Json>>();
  const { jobs } = await client.waitMany([job, { id: 'x', type: 'shout' }]);
  if (jobs[1].state !== 'unknown') jobs[1].result?.toUpperCase();
  const parts: number = (await client.result({ id: 'x', type: 'stream' })).json().parts;
  for await (const seen of client.watch(job)) seen.result?.hello.trim();
  const [item] = await client.submitMany([{ type: 'shout', input: { text: 'a' } }, { type: 'nothing' }]);
  if (item?.job?.type === 'shout') item.job.result?.toUpperCase();

  // @ts-expect-error there is no such type
  await client.submit('greeet', { name: 'Ada' });
  // @ts-expect-error a name is a text
  await client.submit('greet', { name: 5 });
  // @ts-expect-error the name is missing
  await client.submit('greet', {});
  // @ts-expect-error the input is missing
  await client.submit('greet');
  // @ts-expect-error there is no such type
  await client.submit({ type: 'greeet', input: { name: 'Ada' } });
  // @ts-expect-error a name is a text
  await client.submit({ type: 'greet', input: { name: 5 } });
  // @ts-expect-error the input is missing
  await client.submit({ type: 'greet' });
  // @ts-expect-error there is no option `prio`
  await client.submit('greet', { name: 'Ada' }, { prio: 1 });
  // @ts-expect-error the result is a text
  const wrong: number = await client.run('shout', { text: 'hi' });
  // @ts-expect-error a file is a text
  await client.submit('program', { file: 1 });
  // @ts-expect-error one of them is wrong
  await client.submitMany([{ type: 'shout', input: { text: 1 } }]);
  void [said, hello, thumb, parts, wrong];
}

it('createClient is the same client at run time, with or without the types of a config', () => {
  const plain: Client = createClient({ url: 'http://127.0.0.1:1' });
  const typed: TypedClient<Jobs> = createClient<typeof config>({ url: 'http://127.0.0.1:1' });
  assert.deepEqual(Object.keys(typed), Object.keys(plain));
  assert.equal(typeof calls, 'function');
  assert.deepEqual(Object.keys(config.types.program.result), []);
});
