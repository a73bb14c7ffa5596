/** The schema that the conformance suite wants to see again word for word: a Standard Schema that says it, and takes any object. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';

const SCHEMA = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: {
    address: {
      $anchor: 'addressDef',
      type: 'object',
      properties: { street: { type: 'string' }, city: { type: 'string' } },
    },
  },
  properties: {
    name: { type: 'string' },
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
    phone: { type: 'string' },
    email: { type: 'string' },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

export const JSON_SCHEMA_2020_12: StandardSchemaV1<unknown, object> & StandardJSONSchemaV1<unknown, object> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => ({ value: value as object }),
    jsonSchema: { input: () => SCHEMA, output: () => SCHEMA },
  },
};
