/** The rules of the house: each looks at the modules and returns one sentence per place that breaks it. */
import { circleComplaints } from './circles.ts';
import { IMPURE, layerComplaints } from './layers.ts';
import type { Module } from './parse.ts';
import { RATCHET } from './ratchet.ts';

export interface Rule {
  readonly name: string;
  readonly complaints: (modules: readonly Module[]) => string[];
}

const LINES_MAX = 400;
const TEST_LINES_MAX = 500;
/** Of a function itself. A closure that returns methods is what a class would be: its functions are counted on their own. */
const FUNCTION_LINES_MAX = 60;
/** With everything inside: past it, a closure holds a whole subsystem. */
const CLOSURE_LINES_MAX = 150;
/** Tests list cases and steps, which reads well at some length; a chapter of them may fill its file. */
const TEST_FUNCTION_LINES_MAX = 100;
const PARAMETERS_MAX = 4;
/** Words that say nothing, and so collect everything. */
const BANNED_WORDS = ['utils', 'util', 'helpers', 'helper', 'manager', 'common', 'misc'];
/** Banned as a whole name; as part of one they may mean something (`configured-types` are job types). */
const BANNED_NAMES = ['types', 'lib'];
/** Waiting for time to pass makes a test slow when it works and wrong when the machine is busy. */
const SLEEPS = ['setTimeout', 'setInterval', 'systemClock.after'];
const TEST_CALLS = ['test', 'it', 'describe', 'suite', 't', 't.test'];

const isTest = ({ path }: Module) => /^test\/|\.test\.ts$|contract-suite/.test(path);

/** A published suite lets a driver leave out a test, by its title and with a reason. */
const isSuite = ({ path }: Module) => path.includes('contract-suite');

export const RULES: readonly Rule[] = [
  { name: 'imports go down the layers only', complaints: layerComplaints },
  { name: 'imports of the sources go round in no circle', complaints: circleComplaints },
  { name: 'core is a function of its arguments', complaints: each(impurities) },
  { name: 'files are short', complaints: each(longFile) },
  { name: 'functions are short', complaints: each(longFunctions) },
  { name: 'functions take few parameters', complaints: each(manyParameters) },
  { name: 'file names say what is inside', complaints: each(emptyName) },
  { name: 'words are plain', complaints: each(oldWords) },
  { name: 'nothing is left for later', complaints: each(leftovers) },
  { name: 'the compiler is never silenced', complaints: each(silenced) },
  { name: 'exports have names', complaints: each(defaultExport) },
  { name: 'tests do not sleep', complaints: each(sleeps) },
  { name: 'no test is skipped', complaints: each(skips) },
  { name: 'every file says at its head what it models', complaints: each(headless) },
];

function each(check: (module: Module) => string[]): Rule['complaints'] {
  return (modules) => modules.flatMap(check);
}

function impurities(module: Module): string[] {
  if (!module.path.startsWith('src/core/') || isTest(module) || module.path.endsWith('sample-job.ts')) return [];
  return usesOf(module, IMPURE).map((use) => `${use} in core, which reads no clock, no chance and no environment`);
}

function longFile(module: Module): string[] {
  if (/^\/[*/].*Generated/.test(module.text)) return [];
  const limit = RATCHET.files[module.path] ?? (isTest(module) ? TEST_LINES_MAX : LINES_MAX);
  return module.lines <= limit ? [] : [`${module.path} has ${module.lines} lines; ${limit} is the most`];
}

function longFunctions(module: Module): string[] {
  return module.functions.flatMap(({ name, line, lines, ownLines }) => {
    const usual = isTest(module) ? TEST_FUNCTION_LINES_MAX : FUNCTION_LINES_MAX;
    const own = RATCHET.functions[`${module.path} ${name}`] ?? usual;
    const whole = isTest(module) ? TEST_LINES_MAX : Math.max(own, CLOSURE_LINES_MAX);
    const place = `${module.path}:${line} ${name}`;
    if (ownLines > own) return [`${place} has ${ownLines} lines of its own; ${own} is the most`];
    return lines > whole ? [`${place} has ${lines} lines with what is inside; ${whole} is the most`] : [];
  });
}

function manyParameters(module: Module): string[] {
  return module.functions
    .filter(({ parameters }) => parameters > PARAMETERS_MAX)
    .map(
      ({ name, line, parameters }) =>
        `${module.path}:${line} ${name} takes ${parameters} parameters; name them in one object`,
    );
}

function emptyName({ path }: Module): string[] {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/(\.test)?\.[cm]?[jt]s$/, '');
  const names = path.replace(/(\.test)?\.[cm]?[jt]s$/, '').split('/');
  const banned = [
    ...names.filter((whole) => BANNED_NAMES.includes(whole)),
    ...names.flatMap((whole) => whole.split(/[.-]/)).filter((word) => BANNED_WORDS.includes(word.toLowerCase())),
  ];
  const isKebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/.test(name);
  return [
    ...banned.map((word) => `${path} is named "${word}", which says nothing`),
    ...(isKebab ? [] : [`${path} is not named in kebab-case`]),
  ];
}

/** In comments, messages and names alike. A caller is whoever it is, and a thing is fixed or repaired. */
export const OLD_WORDS = /\b(mend(s|ed|ing)?|he|his|him|himself)\b/i;

function oldWords(module: Module): string[] {
  return linesWith(module, OLD_WORDS).map((place) => `${place}: say "fix" for mending, and "they" for a person`);
}

function leftovers(module: Module): string[] {
  return linesWith(module, /\b(FIXME|XXX|HACK|TODO)\b(?!\(#\d+\))/).map(
    (place) => `${place} leaves something for later`,
  );
}

/**
 * `@ts-expect-error` fails once there is no error, so it may stand outside of `src/` with its reason: in a negative test of types, or
 * where plain JavaScript is imported. In the sources it would hide an error from whoever uses them.
 */
function silenced(module: Module): string[] {
  const pattern =
    module.path.startsWith('src/') && !isTest(module)
      ? /@ts-(ignore|nocheck|expect-error)\b/
      : /@ts-(ignore|nocheck)\b|\/\/ @ts-expect-error(?! \S.{10})/;
  return [
    ...usesOf(module, ['any']).map((use) => `${use} takes the types away`),
    ...linesWith(module, pattern).map((place) => `${place} silences the compiler`),
    ...linesWith(module, /biome-ignore(?! [a-z/A-Z]+: \S.{10})/).map(
      (place) => `${place} silences the linter without a reason`,
    ),
  ];
}

function defaultExport({ path, hasDefaultExport }: Module): string[] {
  // All of these are read by programs that look there.
  const isAsked = /(?:bide\.config\.[jt]s|^site\/\.vitepress\/.*)$/.test(path);
  return hasDefaultExport && !isAsked ? [`${path} has a default export`] : [];
}

function sleeps(module: Module): string[] {
  // A job of a config may take its time.
  if (!isTest(module) || module.path.endsWith('bide.config.ts')) return [];
  // One turn of the event loop is no sleep: setImmediate is welcome.
  const timers = linesWith(module, /^import \{ (?!setImmediate( as \w+)? \}).*'(node:)?timers\/promises'/);
  return [
    ...usesOf(module, SLEEPS).map((use) => `${use} in a test: await an event, or turn a fake clock`),
    ...timers.map((place) => `${place} in a test`),
  ];
}

function skips(module: Module): string[] {
  const words = ['skip', 'only', 'todo'];
  const names = TEST_CALLS.flatMap((call) => words.flatMap((word) => [`${call}.${word}`, `${call}{${word}}`]));
  return isTest(module) && !isSuite(module)
    ? usesOf(module, names).map((use) => `${use}: every test runs, always`)
    : [];
}

/** A test says it by its names, an index by what it names. */
function headless(module: Module): string[] {
  if (isTest(module) || module.path.endsWith('/index.ts') || /^(#!.*\n)?\/(\*\*|\/)/.test(module.text)) return [];
  return [`${module.path} has no comment at its head`];
}

function usesOf(module: Module, names: readonly string[]): string[] {
  return module.uses
    .filter(({ name }) => names.includes(name))
    .map(({ name, line }) => `${module.path}:${line} ${name}`);
}

/** This file holds the patterns themselves. */
function linesWith({ path, text }: Module, pattern: RegExp): string[] {
  if (path === 'test/tidy/rules.ts') return [];
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 60)}`] : []));
}
