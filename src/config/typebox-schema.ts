/**
 * TypeBox types as Standard Schemas: TypeBox 1.x does not implement `~standard` itself.
 *
 * `default`s in the type are filled in; nothing is coerced, and unknown properties are kept unless the type forbids them.
 */
import type { StandardJSONSchemaV1, StandardSchemaV1 } from '@standard-schema/spec';
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';

type ValidationError = ReturnType<ReturnType<typeof Compile>['Errors']>[number];

type Described<Input> = StandardSchemaV1<Input, Input> & {
  readonly '~standard': Pick<StandardJSONSchemaV1.Props<Input, Input>, 'jsonSchema'>;
};

export function typebox<const Type extends TSchema>(type: Type): Described<Static<Type>> {
  const validator = Compile(type);
  // A TypeBox type is its own JSON Schema.
  const itself = () => type as Record<string, unknown>;
  return {
    '~standard': {
      jsonSchema: { input: itself, output: itself },
      version: 1,
      vendor: 'typebox',
      validate(value) {
        const filled = validator.Default(structuredClone(value));
        if (validator.Check(filled)) return { value: filled as Static<Type> };
        return { issues: validator.Errors(filled).flatMap(issuesOf) };
      },
    },
  };
}

/** Missing and unknown properties are told where they are, once, as other schema libraries do. */
function issuesOf(error: ValidationError): readonly StandardSchemaV1.Issue[] {
  const path = segmentsOf(error.instancePath);
  if (error.keyword === 'required') {
    return error.params.requiredProperties.map((name) => ({ message: 'is missing', path: [...path, name] }));
  }
  // Says the same as the `false` that stands for every property not named, which has the path.
  if (error.keyword === 'additionalProperties') return [];
  return [{ message: error.keyword === 'boolean' ? 'is not known here' : error.message, path }];
}

function segmentsOf(pointer: string): readonly string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));
}
