/**
 * The manifests of what is released: their version, and what in them is still for the owner to fill. Pure.
 */

/** The folders of the packages, from the root; `.` is Bide itself. */
export const PACKAGES = ['.', 'packages/create-bide'] as const;

/** Stands where only the owner of the repository knows what belongs there: whose the repository is, and who is to be paid. */
const PLACEHOLDER = 'OWNER';
const OWNED_FIELDS = ['repository', 'bugs', 'homepage', 'funding'] as const;

type Fields = Readonly<Record<string, unknown>>;

/** The fields of this manifest that the owner has yet to fill. */
export function placeholdersIn(manifest: Fields): readonly string[] {
  return OWNED_FIELDS.filter((field) => JSON.stringify(manifest[field] ?? PLACEHOLDER).includes(PLACEHOLDER));
}

/** Of a `package.json`, whose dependency on Bide is that of the same release, or of a lock file, which repeats the version. */
export function withVersion(text: string, version: string): string {
  const manifest = JSON.parse(text) as Fields & {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly packages?: Readonly<Record<string, Fields>>;
  };
  const { dependencies, packages } = manifest;
  const changed = {
    ...manifest,
    version,
    ...(packages === undefined ? {} : { packages: { ...packages, '': { ...packages[''], version } } }),
    ...(dependencies?.bide === undefined ? {} : { dependencies: { ...dependencies, bide: version } }),
  };
  return `${JSON.stringify(changed, null, 2)}\n`;
}

/** Files of other ecosystems that say the version, and where they do. */
const ELSEWHERE: Readonly<Record<string, RegExp>> = {
  'clients/python/src/bide/_version.py': /(?<=^__version__ = ")[^"]+/m,
  'deploy/helm/bide/Chart.yaml': /(?<=^(?:appV|v)ersion: )\S+/gm,
};
export const VERSIONED_ELSEWHERE = Object.keys(ELSEWHERE);

export function withVersionElsewhere(path: string, text: string, version: string): string {
  const place = ELSEWHERE[path];
  if (place === undefined || text.search(place) === -1) throw new Error(`${path} says no version.`);
  return text.replace(place, version);
}
