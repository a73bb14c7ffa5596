/**
 * compose.yaml and the Helm chart against the schemas of Compose and Kubernetes, in one file since it installs those.
 *
 * Where Go and sprig are (Debian: golang-go, golang-github-masterminds-sprig-dev, golang-gopkg-yaml.v3-dev) the chart is rendered with the
 * engine that Helm has, and by Helm itself where that is; elsewhere what was rendered last stands for it, as long as the chart has not
 * changed since. What was rendered is held against the schemas of Kubernetes: types, and no field that they do not know.
 *
 * After a change of the chart: BIDE_WRITE_RENDERED=1 npx node --test test/deploy/schemas.test.ts
 */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { dump, loadAll } from 'js-yaml';
import { ROOT, readTree } from '../tidy/tree.ts';
import { requireSchemas, SCHEMAS } from './schemas.ts';

const run = promisify(execFile);
const COMPOSE = join(ROOT, 'compose.yaml');
const CHART = join(ROOT, 'deploy/helm/bide');
const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
const folder = mkdtempSync(join(tmpdir(), 'bide-helm-'));
const renderer = join(folder, 'render');
const GO = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOFLAGS: '' };

const CASES: Readonly<Record<string, object>> = {
  sqlite: { persistence: { storageClass: 'fast' } },
  postgres: {
    database: { existingSecret: 'bide-database' },
    image: { repository: 'registry.example/bide', tag: '1' },
    imagePullSecrets: [{ name: 'registry' }],
    server: {
      replicas: 3,
      runsJobs: false,
      args: ['--public-url', 'https://jobs.example'],
      env: [{ name: 'TZ', value: 'UTC' }],
    },
    worker: { replicas: 2 },
    ingress: {
      enabled: true,
      className: 'nginx',
      host: 'jobs.example',
      tlsSecret: 'jobs-tls',
      annotations: { a: 'b' },
    },
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' }, keySecret: { name: 'bide-metrics' } },
    service: { annotations: { c: 'd' } },
    extraVolumes: [{ name: 'authority', secret: { secretName: 'database-authority' } }],
    extraVolumeMounts: [{ name: 'authority', mountPath: '/authority', readOnly: true }],
    priorityClassName: 'jobs',
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'zone',
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { a: 'b' } },
      },
    ],
    podAnnotations: { e: 'f' },
    nodeSelector: { disk: 'ssd' },
    tolerations: [{ key: 'jobs', operator: 'Exists' }],
    affinity: { podAntiAffinity: {} },
  },
  'postgres-url': { database: { url: 'postgresql://bide:x@db/bide' }, server: { replicas: 2 } },
};

const REFUSED: readonly (readonly [object, RegExp])[] = [
  [{ server: { replicas: 2 } }, /SQLite belongs to one process/],
  [{ worker: { replicas: 1 } }, /worker.replicas needs database/],
  [{ server: { runsJobs: false } }, /nobody else could run the jobs/],
  [{ database: { url: 'postgresql://x', existingSecret: 'y' } }, /name two databases/],
  [{ ingress: { enabled: true } }, /ingress.host is needed/],
  [{ serviceMonitor: { enabled: true } }, /keySecret.name is needed/],
];

interface Selector {
  readonly matchLabels: Readonly<Record<string, string>>;
}

interface Pod {
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly volumes: readonly { readonly name: string }[];
  readonly containers: readonly {
    readonly securityContext: object;
    readonly volumeMounts: readonly { readonly name: string }[];
    readonly env?: readonly object[];
  }[];
}

/** Of whatever kind: the parts that are compared below; the schemas have the whole. */
interface Spec {
  readonly replicas: number;
  readonly selector: Selector & Readonly<Record<string, string>>;
  readonly template: { readonly metadata: Resource['metadata']; readonly spec: Pod };
  readonly jobLabel?: string;
  readonly volumeClaimTemplates?: readonly Pick<Resource, 'metadata'>[];
}

interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Spec;
}

let hasGo = false;
const hasHelm = spawnSync('helm', ['version']).status === 0;

before(async () => {
  hasGo = await run('go', ['build', '-o', renderer, join(import.meta.dirname, 'render/render.go')], { env: GO }).then(
    () => true,
    () => false,
  );
});

after(() => rmSync(folder, { recursive: true, force: true }));

interface Linter {
  lintFiles(
    paths: readonly string[],
    isRecursive: boolean,
  ): readonly { readonly messages: readonly { readonly type: string; readonly message: string }[] }[];
}

test('compose.yaml fits the schema of Compose', async () => {
  const wrong = join(folder, 'compose.yaml');
  writeFileSync(wrong, readFileSync(COMPOSE, 'utf8').replace('stop_grace_period:', 'stop_grace:'));
  const require = await requireSchemas();
  const { DCLinter } = require('dclint') as { DCLinter: new (options: object) => Linter };
  const linter = new DCLinter({ rules: {}, quiet: true, debug: false, exclude: [] });
  const errorsOf = (path: string) =>
    linter
      .lintFiles([path], false)
      .flatMap(({ messages }) => messages.filter(({ type }) => type === 'error').map(({ message }) => message));
  assert.deepEqual(errorsOf(COMPOSE), []);
  assert.match(errorsOf(wrong).join(), /stop_grace|additional|unevaluated/i);
});

describe('the Helm chart', () => {
  for (const [name, values] of Object.entries(CASES)) {
    test(`renders ${name} as it was looked at, and Kubernetes knows every field`, async (t) => {
      if (!hasGo) t.diagnostic('Go with sprig is not on this machine: what was rendered last was looked at.');
      const resources = hasGo ? await renderedAnew(name, values) : renderedLast(name, values);
      if (hasHelm) assert.deepEqual(documentsOf(unversioned(byHelm(values))), resources);
      else t.diagnostic('helm is not on this machine: lint and template were not run.');
      await fitSchemas(name, resources);
      holdTogether(resources);
    });
  }

  test('has the version of Bide', () => {
    const text = readFileSync(join(CHART, 'Chart.yaml'), 'utf8');
    assert.deepEqual(
      [...text.matchAll(/^(?:appV|v)ersion: (\S+)$/gm)].map(([, version]) => version),
      [VERSION, VERSION],
    );
  });

  test('knows its values by a schema, so that a slip of the pen is refused', async () => {
    const require = await requireSchemas();
    const { default: Ajv } = require('ajv') as {
      default: new (options: object) => { compile(schema: object): (value: unknown) => boolean };
    };
    const fits = new Ajv({ strict: true, allowUnionTypes: true }).compile(
      JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')) as object,
    );
    const defaults = loadAll(readFileSync(join(CHART, 'values.yaml'), 'utf8'))[0];
    for (const values of [defaults, ...Object.values(CASES), ...REFUSED.map(([values]) => values)])
      assert.ok(fits(values), JSON.stringify(values));
    for (const values of [
      { sever: {} },
      { server: { replica: 2 } },
      { server: { replicas: '2' } },
      { database: { uri: '' } },
      { ingress: { enabled: 'yes' } },
    ])
      assert.ok(!fits(values), JSON.stringify(values));
  });

  test('refuses what cannot work, with a sentence', async (t) => {
    if (!hasGo) return t.diagnostic('Go with sprig is not on this machine: not run.');
    for (const [values, why] of REFUSED)
      assert.throws(
        () => render(values),
        (error: Error) => why.test(error.message),
        JSON.stringify(values),
      );
  });
});

function render(values: object): string {
  const { status, stdout, stderr } = spawnSync(renderer, [CHART, 'jobs'], { input: dump(values), encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
}

function byHelm(values: object): string {
  const file = join(folder, 'values.yaml');
  writeFileSync(file, dump(values));
  const helm = (...args: string[]) => spawnSync('helm', [...args, '--values', file], { encoding: 'utf8' });
  assert.equal(helm('lint', '--strict', CHART).status, 0);
  return helm('template', 'jobs', CHART).stdout;
}

async function renderedAnew(name: string, values: object): Promise<readonly Resource[]> {
  const text = `# Rendered from ${hashOf(values)} by test/deploy/schemas.test.ts.\n${unversioned(render(values))}`;
  if (process.env.BIDE_WRITE_RENDERED !== undefined) writeFileSync(placeOf(name), text);
  assert.equal(readFileSync(placeOf(name), 'utf8'), text);
  return documentsOf(text);
}

function renderedLast(name: string, values: object): readonly Resource[] {
  const text = readFileSync(placeOf(name), 'utf8');
  assert.equal(
    /^# Rendered from (\w+) /.exec(text)?.[1],
    hashOf(values),
    'the chart has changed: write what it renders anew on a machine with Go',
  );
  return documentsOf(text);
}

const placeOf = (name: string) => join(import.meta.dirname, 'rendered', `${name}.yaml`);

/** Of all that what is rendered follows from, but for the version: a release changes it on a machine that may have no Go. */
function hashOf(values: object): string {
  const hash = createHash('sha256').update(JSON.stringify(values));
  for (const [path, text] of readTree('deploy/helm/bide/*')) hash.update(path).update(unversioned(text));
  return hash.digest('hex').slice(0, 16);
}

const unversioned = (text: string) => text.replaceAll(VERSION, '0.0.0');

/** In the order of their kinds and names; the notes are for people. */
function documentsOf(text: string): readonly Resource[] {
  const resources = text
    .split(/^---\n/m)
    .filter((part) => part.includes('\napiVersion:') || part.startsWith('apiVersion:'));
  const key = ({ kind, metadata }: Resource) => `${kind} ${metadata.name}`;
  return resources.flatMap((part) => loadAll(part) as Resource[]).sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** `validate` checks values; the compiler refuses fields that the schema does not know, such as `readinesProbe`. */
async function fitSchemas(name: string, resources: readonly Resource[]): Promise<void> {
  await requireSchemas();
  const models = await Promise.all(resources.map(modelOf));
  const lines = resources.map((resource, at) => {
    const Model = models[at] ?? assert.fail(resource.kind);
    new Model(structuredClone(resource)).validate();
    const from = `${moduleOf(resource)}/${resource.kind}`;
    return `import type { I${resource.kind} as K${at} } from '${from}';\nexport const v${at}: K${at} = ${JSON.stringify(resource)};`;
  });
  const file = join(SCHEMAS, `rendered-${name}.ts`);
  const tsc = join(ROOT, 'node_modules/.bin/tsc');
  const options = [
    '--noEmit',
    '--strict',
    '--skipLibCheck',
    '--ignoreConfig',
    '--singleThreaded',
    '--types',
    '',
    '--module',
    'nodenext',
  ];
  const compile = (text: string) => {
    writeFileSync(file, text);
    return spawnSync(tsc, [...options, file], { encoding: 'utf8' });
  };
  try {
    const { status, stdout } = compile(lines.join('\n'));
    assert.equal(status, 0, stdout);
    if (name === 'sqlite')
      assert.match(compile(lines.join('\n').replace('readinessProbe', 'readinesProbe')).stdout, /readinesProbe/);
  } finally {
    rmSync(file, { force: true });
  }
}

function moduleOf({ apiVersion }: Resource): string {
  if (apiVersion.startsWith('monitoring.coreos.com/')) return `@kubernetes-models/prometheus-operator/${apiVersion}`;
  return `kubernetes-models/${apiVersion}`;
}

type Model = new (data: object) => { validate(): void };

/** By its file: the packages cannot be found by name from here. */
async function modelOf(resource: Resource): Promise<Model | undefined> {
  const file = join(SCHEMAS, 'node_modules', moduleOf(resource), `${resource.kind}.js`);
  return ((await import(pathToFileURL(file).href)) as Record<string, Model>)[resource.kind];
}

/** What no schema says: names and labels meet, pods are locked down, a pod has longer to stop than Bide takes. */
function holdTogether(resources: readonly Resource[]): void {
  const pods = resources.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet');
  const one = (kind: string) => resources.find((resource) => resource.kind === kind);
  const fits = (selector: object, labels: object) =>
    Object.entries(selector).every(([label, value]) =>
      Object.entries(labels).some(([a, b]) => a === label && b === value),
    );
  for (const { spec } of pods) {
    const { metadata, spec: pod } = spec.template;
    assert.ok(fits(spec.selector.matchLabels, metadata.labels));
    const [{ securityContext, volumeMounts } = assert.fail()] = pod.containers;
    assert.deepEqual(securityContext, {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.ok(pod.terminationGracePeriodSeconds >= 45 + 5);
    const volumes = [...pod.volumes, ...(spec.volumeClaimTemplates ?? []).map(({ metadata: claim }) => claim)];
    assert.deepEqual(volumeMounts.map(({ name }) => name).sort(), volumes.map(({ name }) => name).sort());
  }
  const server = pods.find(({ metadata }) => metadata.labels['app.kubernetes.io/component'] === 'server');
  const service = one('Service');
  assert.ok(server !== undefined && service !== undefined);
  assert.ok(fits(service.spec.selector, server.spec.template.metadata.labels));
  assert.equal(server.kind === 'StatefulSet', server.spec.template.spec.containers[0]?.env === undefined);
  if (server.kind === 'StatefulSet') assert.deepEqual([server.spec.replicas, pods.length], [1, 1]);
  assert.equal(one('PodDisruptionBudget') !== undefined, server.spec.replicas > 1);
  const monitor = one('ServiceMonitor')?.spec;
  assert.ok(fits(monitor?.selector.matchLabels ?? {}, service.metadata.labels));
  // What alerts and dashboard name the job.
  if (monitor !== undefined) assert.equal(service.metadata.labels[monitor.jobLabel ?? ''], 'bide');
  // A pod that does not start anew goes on with the password of before.
  const ownSecret = one('Secret') !== undefined;
  for (const { spec } of pods)
    assert.equal('checksum/database' in (spec.template.metadata.annotations ?? {}), ownSecret);
}
