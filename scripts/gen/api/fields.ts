/** What a body may hold, as rows of a table: fields of objects within it stand below them with a dot. */
import type { Schema } from '../openapi-document.ts';

const DEPTH_MAX = 3;

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly says: string;
}

type Schemas = Readonly<Record<string, Schema>>;
type Bounds = {
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly default?: unknown;
};

export function fieldsOf(schema: Schema, schemas: Schemas, before = '', depth = 1): readonly Field[] {
  const { properties = {}, required = [] } = resolve(schema, schemas);
  return Object.entries(properties).flatMap(([key, given]) => {
    const inner = withoutNull(resolve(given, schemas), schemas);
    const name = `${before}${key}`;
    const own = {
      name,
      type: typeOf(inner, schemas),
      isRequired: required.includes(key),
      says: saysOf(key, given, inner),
    };
    const below = inner.items === undefined ? inner : withoutNull(resolve(inner.items, schemas), schemas);
    const mark = inner.items === undefined ? '.' : '[].';
    return depth >= DEPTH_MAX ? [own] : [own, ...fieldsOf(below, schemas, `${name}${mark}`, depth + 1)];
  });
}

export function typeOf(schema: Schema, schemas: Schemas): string {
  const inner = withoutNull(resolve(schema, schemas), schemas);
  if (inner.enum !== undefined) return inner.enum.map((word) => `\`${word}\``).join(', ');
  const several = inner.anyOf ?? inner.oneOf;
  if (several !== undefined) return [...new Set(several.map((one) => typeOf(one, schemas)))].join(' or ');
  if (inner.items !== undefined) return `list of ${typeOf(inner.items, schemas)}`;
  if (inner.type === undefined) return 'any JSON';
  return [inner.type]
    .flat()
    .filter((word) => word !== 'null')
    .join(' or ');
}

/** @param name tells the unit of its bounds: `timeoutMs` */
export function saysOf(name: string, given: Schema, inner: Schema): string {
  const bounds = boundsOf(inner as Bounds, name.endsWith('Ms') ? ' ms' : '');
  const text = given.description ?? inner.description ?? inner.items?.description ?? '';
  return [text, bounds].filter((part) => part !== '').join(' ');
}

function boundsOf({ minimum, maximum, maxLength, maxItems, default: usual }: Bounds, unit: string): string {
  const parts = [
    ...(minimum !== undefined && maximum !== undefined ? [`${number(minimum)} to ${number(maximum)}${unit}`] : []),
    ...(minimum === undefined && maximum !== undefined ? [`at most ${number(maximum)}${unit}`] : []),
    ...(maxLength === undefined ? [] : [`at most ${number(maxLength)} characters`]),
    ...(maxItems === undefined ? [] : [`at most ${number(maxItems)}`]),
    ...(usual === undefined ? [] : [`\`${JSON.stringify(usual)}\` unless told`]),
  ];
  if (parts.length === 0) return '';
  const text = parts.join('; ');
  return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}

function withoutNull(schema: Schema, schemas: Schemas): Schema {
  const rest = schema.anyOf?.filter(({ type }) => type !== 'null');
  return rest?.length === 1 && rest[0] !== undefined ? resolve(rest[0], schemas) : schema;
}

function resolve(schema: Schema, schemas: Schemas): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : (schemas[name] ?? schema);
}
