/**
 * Rules that a config is checked by: small functions that say what is wrong with a value and where.
 *
 * Not TypeBox: a config holds functions and schemas, and its messages must name the option that was probably meant.
 */
import { nearest } from '../core/nearest.ts';

export interface ConfigIssue {
  /** As one would write it: `types.report.slots`. */
  readonly path: string;
  /** Goes after the path: `must be …`. */
  readonly message: string;
}

export type Rule = (value: unknown, path: string) => readonly ConfigIssue[];

export interface OptionalRule {
  readonly optional: Rule;
}

export const text: Rule = must('be a text that is not empty', (value) => typeof value === 'string' && value !== '');
export const flag: Rule = must('be true or false', (value) => typeof value === 'boolean');
export const anything: Rule = () => [];
export const httpUrl: Rule = must('be an http or https URL without user and password', isHttpUrl);

export function must(requirement: string, holds: (value: unknown) => boolean): Rule {
  return (value, path) => (holds(value) ? [] : [{ path, message: `must ${requirement}, not ${shown(value)}` }]);
}

export function whole(min: number, max: number): Rule {
  const holds = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max;
  return must(`be a whole number from ${min} to ${max}`, holds);
}

export function decimal(min: number, max: number): Rule {
  return must(
    `be a number from ${min} to ${max}`,
    (value) => typeof value === 'number' && value >= min && value <= max,
  );
}

export function oneOf(words: readonly string[]): Rule {
  return must(`be one of ${words.join(', ')}`, (value) => typeof value === 'string' && words.includes(value));
}

export function listOf(rule: Rule): Rule {
  return (value, path) => {
    if (!Array.isArray(value)) return [{ path, message: `must be a list, not ${shown(value)}` }];
    return value.flatMap((item, index) => rule(item, `${path}[${index}]`));
  };
}

/** Names of the user's choosing, each with a value of one form. */
export function recordOf(rule: Rule, nameRule: Rule = anything): Rule {
  return (value, path) => {
    if (!isPlainObject(value)) return [{ path, message: `must be an object, not ${shown(value)}` }];
    return Object.entries(value).flatMap(([name, inner]) => {
      const inside = below(path, name);
      return [...nameRule(name, inside), ...rule(inner, inside)];
    });
  };
}

export function optional(rule: Rule): OptionalRule {
  return { optional: rule };
}

/** By the name of the option. */
export type OptionRules = Readonly<Record<string, Rule | OptionalRule>>;

/** An object with these options and no others; undefined is as good as absent. */
export function options(rules: OptionRules): Rule {
  return (value, path) => {
    if (!isPlainObject(value)) return [{ path, message: `must be an object, not ${shown(value)}` }];
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(rules, name));
    const issues = unknown.map((name) => ({
      path: below(path, name),
      message: unknownOption(name, Object.keys(rules)),
    }));
    return [...issues, ...Object.entries(rules).flatMap(([name, rule]) => member(value, name, rule, path))];
  };
}

function member(
  owner: Readonly<Record<string, unknown>>,
  name: string,
  rule: Rule | OptionalRule,
  path: string,
): readonly ConfigIssue[] {
  const value = owner[name];
  const inside = below(path, name);
  if (value !== undefined) return (typeof rule === 'function' ? rule : rule.optional)(value, inside);
  return typeof rule === 'function' ? [{ path: inside, message: 'is missing' }] : [];
}

function unknownOption(name: string, known: readonly string[]): string {
  const near = nearest(name, known);
  const hint = near === null ? `the options are ${known.join(', ')}` : `did you mean ${near}?`;
  return `is no option here; ${hint}`;
}

export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const url = URL.parse(value);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return false;
  return url.username === '' && url.password === '';
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function below(path: string, name: string): string {
  if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}

function shown(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  return (typeof value === 'string' ? JSON.stringify(value) : String(value)).slice(0, 100);
}
