/** What `defineConfig` infers, checked by the compiler: each wrong use below must be an error, or the type check fails. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Type } from 'typebox';
import * as v from 'valibot';
import { z } from 'zod';
import { command, defineConfig, http, remote, sql } from './define-config.ts';
import { typebox } from './typebox-schema.ts';

const config = defineConfig({
  types: {
    plain: (input, context) => {
      const id: string = context.id;
      // @ts-expect-error nothing is known of the input without a schema
      input.count;
      return id;
    },
    annotated: async (input: { count: number }) => input.count,
    annotatedRun: { run: (input: { count: number }, context) => `${input.count} ${context.attempt}` },
    withZod: {
      input: z.object({ count: z.number().default(1) }),
      slots: 2,
      run(input, context) {
        const count: number = input.count;
        // @ts-expect-error a number is not a text
        const text: string = input.count;
        return { count, text, attempt: context.attempt };
      },
    },
    withValibot: { input: v.object({ name: v.string() }), run: async (input) => input.name.toUpperCase() },
    withTypebox: {
      input: typebox(Type.Object({ size: Type.Integer(), note: Type.Optional(Type.String()) })),
      run: (input) => input.size.toFixed() + (input.note ?? '').trim(),
    },
    schemaAfterRun: { run: (input) => input.name.length, input: v.object({ name: v.string() }) },
    program: command({ program: 'true', input: z.object({ count: z.number() }) }),
    upstream: http({ url: 'https://example.com/' }),
    query: sql({ datasets: { flights: 'flights.parquet' } }),
    left: remote({ slots: 3 }),
    limited: {
      input: z.object({ customer: z.string() }),
      run: (input) => input.customer,
      limit: { key: ({ customer }: { customer: string }) => customer, concurrency: 1 },
    },
    limitedRemote: remote({ limit: { key: ({ customer }: { customer: string }) => customer, concurrency: 1 } }),
  },
  limits: { bodyBytesMax: 1_024 },
});

const withCount = z.object({ count: z.number() });
// @ts-expect-error the parameter does not fit the schema
defineConfig({ types: { mismatch: { input: withCount, run: (input: { count: string }) => input } } });
// @ts-expect-error a number is no type
defineConfig({ types: { number: 5 } });
// @ts-expect-error there is no option `slot`
defineConfig({ types: { misspelt: { run: () => 1, slot: 3 } } });
// @ts-expect-error `program` is missing
command({});
// @ts-expect-error there is no limit of this name
defineConfig({ types: {}, limits: { bodyBytesMaximum: 1 } });

it('defineConfig gives the very object back', () => {
  const given = { types: { a: () => 1 } };
  assert.equal(defineConfig(given), given);
  assert.equal(Object.keys(config.types).length, 13);
});
