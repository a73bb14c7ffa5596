/** The input schema of a type as JSON Schema, for callers that make forms of it. */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { Json } from '../core/job.ts';

/** Null where there is no schema, or its library cannot say it as JSON Schema: zod can, and `typebox()`. */
export function inputSchemaOf(schema: StandardSchemaV1 | undefined): Json | null {
  const standard = schema?.['~standard'] as Partial<StandardJSONSchemaV1.Props> | undefined;
  try {
    const described = standard?.jsonSchema?.input({ target: 'draft-2020-12' });
    // As callers get it: what JSON cannot say (a default that is a function) is left out here, once.
    return described === undefined ? null : (JSON.parse(JSON.stringify(described)) as Json);
  } catch {
    // A type that JSON Schema has no word for, such as a transform or a bigint: a type without a form, and no reason not to start.
    return null;
  }
}
