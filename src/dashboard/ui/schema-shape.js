/** How a JSON Schema is shown as fields. What is too rich for that is a text of JSON, for the whole or for the one field. */

/** @typedef {{ readonly [word: string]: unknown }} Schema */
/** @typedef {{ name: string, schema: Schema, isRequired: boolean }} Property */
/**
 * @typedef {{ kind: 'text', isLong: boolean } | { kind: 'number', isWhole: boolean } | { kind: 'boolean' } | { kind: 'choice', values: readonly unknown[] }
 *   | { kind: 'list', item: Schema } | { kind: 'group', properties: readonly Property[] } | { kind: 'json' }} Shape
 */

const DEPTH_MAX = 4;
/** More are no form but a file. */
const FIELDS_MAX = 40;
const LONG = 200;

/** @param {unknown} value @returns {value is Schema} */
const isSchema = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const JSON_SHAPE = /** @type {const} */ ({ kind: 'json' });

/** @param {Schema} schema @param {number} [depth] @returns {Shape} */
export function shapeOf(schema, depth = 0) {
  const values = choicesOf(schema);
  if (values !== null) return { kind: 'choice', values };
  switch (schema.type) {
    case 'string':
      return { kind: 'text', isLong: Number(schema.maxLength ?? 0) > LONG };
    case 'integer':
    case 'number':
      return { kind: 'number', isWhole: schema.type === 'integer' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return listOf(schema);
    case 'object':
      return depth < DEPTH_MAX ? groupOf(schema) : JSON_SHAPE;
    default:
      return JSON_SHAPE;
  }
}

/** `enum`, `const`, or one of several constants. @param {Schema} schema @returns {readonly unknown[] | null} */
function choicesOf(schema) {
  if (Array.isArray(schema.enum)) return schema.enum;
  if ('const' in schema) return [schema.const];
  const some = schema.anyOf ?? schema.oneOf;
  if (!Array.isArray(some) || some.length === 0) return null;
  return some.every((one) => isSchema(one) && 'const' in one) ? some.map((one) => one.const) : null;
}

/** Of simple values. @param {Schema} schema @returns {Shape} */
function listOf({ items }) {
  if (!isSchema(items)) return JSON_SHAPE;
  const { kind } = shapeOf(items, DEPTH_MAX);
  return kind === 'json' || kind === 'list' ? JSON_SHAPE : { kind: 'list', item: items };
}

/** @param {Schema} schema @returns {Shape} */
function groupOf({ properties, required, ...more }) {
  const hasRules = ['anyOf', 'oneOf', 'allOf', 'if', 'patternProperties'].some((word) => word in more);
  if (!isSchema(properties) || hasRules || isSchema(more.additionalProperties)) return JSON_SHAPE;
  const entries = Object.entries(properties);
  if (entries.length > FIELDS_MAX) return JSON_SHAPE;
  const needed = new Set(Array.isArray(required) ? required : []);
  const fields = entries.map(([name, schema]) => ({
    name,
    schema: isSchema(schema) ? schema : {},
    isRequired: needed.has(name),
  }));
  return { kind: 'group', properties: fields };
}

/** What a form begins with: what must be there, and nothing else, so that the server's defaults stay the server's. @param {Schema} schema @returns {unknown} */
export function startOf(schema) {
  if ('default' in schema) return schema.default;
  const shape = shapeOf(schema);
  if (shape.kind === 'group') {
    const needed = shape.properties.filter(({ isRequired }) => isRequired);
    return Object.fromEntries(needed.map((field) => [field.name, startOf(field.schema)]));
  }
  if (shape.kind === 'boolean') return false;
  if (shape.kind === 'list') return [];
  return shape.kind === 'choice' && shape.values.length === 1 ? shape.values[0] : undefined;
}
