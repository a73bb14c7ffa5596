/** Reading `dialects.<name>.options` of a config: what is wrong is said by its place, as the config spells it. */
import type { TSchema } from 'typebox';
import type { Dialect } from '../http/dialect.ts';
import { compileCheck } from './schema-check.ts';

/**
 * Options that fit the schema, over the defaults.
 * @param complaintOf what a schema cannot say; null where nothing is wrong
 */
export function optionsParser<Options extends object>(
  schema: TSchema,
  defaults: Options,
  complaintOf: (options: Options) => string | null = () => null,
): Dialect<Options>['parseOptions'] {
  const check = compileCheck(schema);
  return (raw) => {
    const given = raw ?? {};
    const issues = check(given);
    if (issues !== null) {
      return { kind: 'invalid', message: issues.map(({ path, message }) => `${placeOf(path)} ${message}`).join('; ') };
    }
    const options = { ...defaults, ...(given as Partial<Options>) };
    const message = complaintOf(options);
    return message === null ? { kind: 'options', options } : { kind: 'invalid', message };
  };
}

/** For a table whose keys are names: which one there is none of. */
export function unknownName(where: string, given: object, names: readonly string[]): string | null {
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  return unknown === undefined ? null : `${where} has no ${unknown}; there are ${names.join(', ')}`;
}

/** `/endpoints/domain~1search/type` is `endpoints['domain/search'].type`. */
function placeOf(pointer: string): string {
  if (pointer === '') return 'the options';
  const parts = pointer.slice(1).split('/');
  const names = parts.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return names.map((name, at) => (/^\w+$/.test(name) ? `${at === 0 ? '' : '.'}${name}` : `['${name}']`)).join('');
}
