/**
 * The `package.json` of a new project, or what is missing in one that is there: what somebody wrote into it stays as it is.
 */

export interface Manifest {
  readonly type?: unknown;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface Needed {
  readonly name: string;
  readonly isModule: boolean;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  /** The range of Node that the project is installed on; its scripts may run on a newer one among its dependencies. */
  readonly node: string;
  /** Packages whose install script npm may run without asking. */
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const SCRIPTS: Readonly<Record<string, string>> = {
  dev: 'bide dev',
  start: 'bide serve --env-file .env',
  test: 'node --test',
  types: 'tsc',
};
/** What `npm init` writes where there are no tests. */
const NO_TEST = /no test specified/;

/** @param found null where there is no manifest yet. */
export function manifestOf(found: Manifest | null, needed: Needed): Manifest {
  const { test, ...scripts } = found?.scripts ?? {};
  const hasTest = test !== undefined && !NO_TEST.test(test);
  const dependencies = { ...needed.dependencies, ...found?.dependencies };
  const start = found === null ? { name: needed.name, version: '0.1.0', private: true } : {};
  return {
    ...start,
    ...(needed.isModule ? { type: 'module' } : {}),
    engines: { node: needed.node },
    ...found,
    scripts: { ...SCRIPTS, ...scripts, ...(hasTest ? { test } : {}) },
    ...allowed(found, needed),
    dependencies: sorted(dependencies),
    devDependencies: sorted({ ...without(needed.devDependencies, dependencies), ...found?.devDependencies }),
  };
}

function allowed(found: Manifest | null, { allowScripts }: Needed): Manifest {
  if (Object.keys(allowScripts).length === 0) return {};
  return { allowScripts: { ...allowScripts, ...(found?.allowScripts as Needed['allowScripts'] | undefined) } };
}

function without<T>(entries: Readonly<Record<string, T>>, others: object): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter(([name]) => !Object.hasOwn(others, name)));
}

/** As npm writes them. */
function sorted<T>(entries: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
}
