import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { Type } from 'typebox';
import * as v from 'valibot';
import { z } from 'zod';
import { inputCheckOf } from './input-check.ts';
import { typebox } from './typebox-schema.ts';

const SCHEMAS: readonly (readonly [string, StandardSchemaV1])[] = [
  ['zod', z.strictObject({ list: z.array(z.object({ 'a/b': z.number() })), size: z.number().default(3) })],
  ['valibot', v.strictObject({ list: v.array(v.object({ 'a/b': v.number() })), size: v.optional(v.number(), 3) })],
  [
    'typebox',
    typebox(
      Type.Object(
        { list: Type.Array(Type.Object({ 'a/b': Type.Number() })), size: Type.Number({ default: 3 }) },
        { additionalProperties: false },
      ),
    ),
  ],
];

const checkWith = (schema: StandardSchemaV1 | undefined) => inputCheckOf({ type: 't', schema });

describe('typebox', () => {
  it('tells missing and unknown properties where they are, once each', async () => {
    const schema = typebox(Type.Object({ a: Type.Object({}, { additionalProperties: false }), b: Type.Null() }));
    assert.deepEqual(await checkWith(schema)({ a: { 'x/y': 1 } }), {
      kind: 'invalid',
      issues: [
        { path: '/b', message: 'is missing' },
        { path: '/a/x~1y', message: 'is not known here' },
      ],
    });
  });
});

describe('inputCheckOf', () => {
  for (const [name, schema] of SCHEMAS) {
    it(`fills in the defaults of a ${name} schema and leaves the given object alone`, async () => {
      const input = { list: [{ 'a/b': 1 }] };
      assert.deepEqual(await checkWith(schema)(input), { kind: 'valid', input: { list: [{ 'a/b': 1 }], size: 3 } });
      assert.deepEqual(input, { list: [{ 'a/b': 1 }] });
    });

    it(`tells what a ${name} schema finds as JSON pointers`, async () => {
      const check = await checkWith(schema)({ list: [{ 'a/b': 1 }, { 'a/b': 'x' }, {}], size: 1 });
      assert.ok(check.kind === 'invalid');
      assert.deepEqual([...new Set(check.issues.map(({ path }) => path))].sort(), ['/list/1/a~1b', '/list/2/a~1b']);
      for (const { message } of check.issues) assert.ok(message.length > 0);
    });

    it(`refuses null with a ${name} schema, at the whole`, async () => {
      const check = await checkWith(schema)(null);
      assert.equal(check.kind === 'invalid' && check.issues[0]?.path, '');
    });
  }

  it('lets everything pass without a schema', () => {
    assert.deepEqual(checkWith(undefined)([1, null]), { kind: 'valid', input: [1, null] });
  });

  it('waits for a schema that checks asynchronously', async () => {
    const check = checkWith(z.string().refine(async (text) => text !== 'taken', 'is taken'));
    assert.deepEqual(await check('free'), { kind: 'valid', input: 'free' });
    assert.deepEqual(await check('taken'), { kind: 'invalid', issues: [{ path: '', message: 'is taken' }] });
  });

  it('refuses what a transform has made something that JSON cannot carry', async () => {
    const check = await checkWith(z.object({ when: z.coerce.date() }))({ when: '2025-01-01' });
    const message =
      'is turned into a Date by the schema of this type, which JSON cannot carry; leave that to the handler';
    assert.deepEqual(check, { kind: 'invalid', issues: [{ path: '/when', message }] });
  });

  it('stores what a transform makes of the input', async () => {
    assert.deepEqual(await checkWith(z.string().transform((text) => text.length))('four'), { kind: 'valid', input: 4 });
    assert.deepEqual(await checkWith(z.any().transform(() => undefined))('x'), { kind: 'valid', input: null });
  });

  it('tells at most twenty issues', async () => {
    const check = await checkWith(z.array(z.number()))(Array.from({ length: 100 }, () => 'x'));
    assert.equal(check.kind === 'invalid' && check.issues.length, 20);
  });

  it('says which type has a schema that throws', () => {
    const schema: StandardSchemaV1 = {
      '~standard': {
        version: 1,
        vendor: 'broken',
        validate() {
          throw new Error('broken');
        },
      },
    };
    assert.throws(() => checkWith(schema)(1), {
      code: 'INTERNAL',
      message: 'The input schema of type t threw an error.',
    });
  });

  it('asks the handler about what the schema gives back', async () => {
    const check = inputCheckOf({
      type: 't',
      schema: z.number().transform((value) => value + 1),
      issuesOf: (input) => (input === 2 ? [{ path: '', message: 'must not be 2' }] : []),
    });
    assert.deepEqual(await check(1), { kind: 'invalid', issues: [{ path: '', message: 'must not be 2' }] });
    assert.deepEqual(await check(2), { kind: 'valid', input: 3 });
  });
});
