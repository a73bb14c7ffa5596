/** Schemas with a title stand once, among the components, and are referred to: generators make one type of each. */
import { isDeepStrictEqual } from 'node:util';
import type { Document, Schema } from './document-parts.ts';

/** @throws where two schemas have one title and are not the same. */
export function hoistNamed(document: Document): Document {
  const { paths, components, ...rest } = document;
  const named: Record<string, Schema> = {};
  const hoisted = (node: Schema | undefined): Schema | undefined => {
    if (typeof node !== 'object' || node === null) return node;
    if (Array.isArray(node)) return node.map(hoisted) as Schema;
    const inside = Object.fromEntries(
      Object.entries(node).map(([key, value]) => [key, isData(key) ? value : hoisted(value)]),
    );
    return typeof inside.title === 'string' ? reference(inside.title, inside) : inside;
  };
  const reference = (title: string, schema: Schema): Schema => {
    const known = named[title];
    if (known !== undefined && !isDeepStrictEqual(known, schema))
      throw new TypeError(`Two schemas are named ${title}.`);
    named[title] = schema;
    return { $ref: `#/components/schemas/${title}` };
  };
  for (const schema of Object.values(components.schemas)) hoisted(schema);
  const result = { ...rest, paths: hoisted(paths as unknown as Schema) as unknown as Document['paths'] };
  return { ...result, components: { ...components, schemas: sorted(named) } };
}

/** What a schema shows or compares with is no schema, whatever it looks like. */
function isData(key: string): boolean {
  return key === 'example' || key === 'examples' || key === 'default' || key === 'enum' || key === 'const';
}

function sorted(named: Record<string, Schema>): Record<string, Schema> {
  return Object.fromEntries(Object.entries(named).sort(([a], [b]) => (a < b ? -1 : 1)));
}
