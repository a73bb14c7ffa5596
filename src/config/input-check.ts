/** Checks a submitted input against the schema of its type and says what is wrong as JSON pointers. */
import type { StandardSchemaV1 } from '@standard-schema/spec';
import { BideError } from '../core/errors.ts';
import type { Json } from '../core/job.ts';
import { jsonProblem } from '../core/json-problem.ts';
import type { InputCheck, Issue, JobType } from '../engine/api.ts';

export interface InputRules {
  readonly type: string;
  readonly schema: StandardSchemaV1 | undefined;
  /** What the handler itself needs of the input, whatever the schema says. */
  issuesOf?(input: Json): readonly Issue[];
}

/** Issues told at once; a list of thousands of wrong items helps nobody. */
const ISSUES_MAX = 20;

export function inputCheckOf({ type, schema, issuesOf }: InputRules): JobType['checkInput'] {
  const checkShape = (input: Json): InputCheck => {
    const issues = issuesOf?.(input) ?? [];
    return issues.length === 0 ? { kind: 'valid', input } : { kind: 'invalid', issues: issues.slice(0, ISSUES_MAX) };
  };
  if (schema === undefined) return checkShape;
  const checkResult = (result: StandardSchemaV1.Result<unknown>): InputCheck => {
    const check = checkOf(result);
    return check.kind === 'valid' ? checkShape(check.input) : check;
  };
  return (input) => {
    const result = validate(type, schema, input);
    return result instanceof Promise ? result.then(checkResult) : checkResult(result);
  };
}

function validate(type: string, schema: StandardSchemaV1, input: Json) {
  try {
    return schema['~standard'].validate(input);
  } catch (cause) {
    throw new BideError('INTERNAL', `The input schema of type ${type} threw an error.`, {}, { cause });
  }
}

function checkOf(result: StandardSchemaV1.Result<unknown>): InputCheck {
  if (result.issues !== undefined) return { kind: 'invalid', issues: result.issues.slice(0, ISSUES_MAX).map(issueOf) };
  const value = result.value ?? null;
  const problem = jsonProblem(value, { isStrict: true });
  if (problem === null) return { kind: 'valid', input: value as Json };
  // Stored inputs are JSON. A transform to a Date would reach the handler as a text, against what its types say.
  const message = `is turned into ${problem.what} by the schema of this type, which JSON cannot carry; leave that to the handler`;
  return { kind: 'invalid', issues: [{ path: problem.path, message }] };
}

function issueOf({ message, path = [] }: StandardSchemaV1.Issue): Issue {
  const segments = path.map((segment) => pointerPart(typeof segment === 'object' ? segment.key : segment));
  return { path: segments.map((segment) => `/${segment}`).join(''), message };
}

function pointerPart(key: PropertyKey): string {
  return String(key).replaceAll('~', '~0').replaceAll('/', '~1');
}
