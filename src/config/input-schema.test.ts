import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Type } from 'typebox';
import * as valibot from 'valibot';
import { z } from 'zod';
import { inputSchemaOf } from './input-schema.ts';
import { typebox } from './typebox-schema.ts';

describe('inputSchemaOf', () => {
  test('says what zod and TypeBox take as JSON Schema', () => {
    const size = { type: 'object', required: ['width'], properties: { width: { type: 'integer', minimum: 1 } } };
    assert.deepEqual(inputSchemaOf(typebox(Type.Object({ width: Type.Integer({ minimum: 1 }) }))), size);
    const ofZod = inputSchemaOf(z.object({ text: z.string().default('x') })) as Record<string, unknown>;
    assert.deepEqual([ofZod.type, ofZod.properties], ['object', { text: { type: 'string', default: 'x' } }]);
  });

  test('is null without a schema, and where JSON Schema has no word for it', () => {
    assert.equal(inputSchemaOf(undefined), null);
    assert.equal(inputSchemaOf(valibot.object({ text: valibot.string() })), null);
    assert.equal(inputSchemaOf(z.object({ big: z.bigint() })), null);
  });
});
