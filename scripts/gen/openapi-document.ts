/** The OpenAPI document as the server sends it, and the schemas in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger, startApp } from '../../src/app.ts';

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
}

type Content = Readonly<Record<string, { readonly schema: Schema }>>;

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>;
}

export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

let document: Promise<OpenApi> | null = null;

/** Asked for once, whoever wants it. */
export function openApiDocument(): Promise<OpenApi> {
  document ??= askForDocument();
  return document;
}

/** Of a server that is started for it, without a type of job. */
async function askForDocument(): Promise<OpenApi> {
  const dataFolder = mkdtempSync(join(tmpdir(), 'bide-openapi-'));
  const configFile = join(dataFolder, 'bide.config.mjs');
  writeFileSync(configFile, `export default { types: { any: { kind: 'remote' } } };`);
  const http = { port: 0, hasDashboard: false };
  const options = { configFile, dataFolder, http, runsJobs: false, logger: createLogger('silent'), version: '0' };
  const app = await startApp(options);
  try {
    return (await (await fetch(`${app.url}/openapi.json`)).json()) as OpenApi;
  } finally {
    await app.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

/**
 * A schema by its name, or one of an operation: of its JSON body or its first answer, below properties, `[]` for the items of a list
 * and `|1` for the second of several. Throws where the document has it no more.
 */
export function schemaAt(
  document: OpenApi,
  name: string,
  part?: 'answer' | 'body',
  ...path: readonly string[]
): Schema {
  let schema = part === undefined ? document.components.schemas[name] : contentOf(document, name, part);
  for (const step of path) schema = schema && below(resolved(document, schema), step);
  if (schema === undefined) throw new Error(`/openapi.json has no ${[name, part, ...path].join(' ')}.`);
  return resolved(document, schema);
}

function contentOf(document: OpenApi, operationId: string, part: 'answer' | 'body'): Schema | undefined {
  const operation = Object.values(document.paths)
    .flatMap((operations) => Object.values(operations))
    .find((one) => one.operationId === operationId);
  if (part === 'body') return operation?.requestBody?.content['application/json']?.schema;
  const status = Object.keys(operation?.responses ?? {}).find((one) => one.startsWith('2')) ?? '';
  return operation?.responses[status]?.content?.['application/json']?.schema;
}

function below(schema: Schema, step: string): Schema | undefined {
  if (step === '[]') return schema.items;
  if (step.startsWith('|')) return (schema.anyOf ?? schema.oneOf)?.[Number(step.slice(1))];
  return schema.properties?.[step];
}

function resolved({ components }: OpenApi, schema: Schema): Schema {
  return schema.$ref === undefined ? schema : (components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? schema);
}
