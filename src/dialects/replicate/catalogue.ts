/** Types as the vendor shows models, their versions and deployments. A type has one version, which is the type. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import type { TypeFacts } from '../../engine/api.ts';
import { type Answer, type Call, ok, param } from './call.ts';
import { isoTime } from './mapping.ts';
import { factsOf, type Model, type Models } from './models.ts';
import { notFound } from './reading.ts';
import type { Page } from './wire.ts';

/** Types have no time of their own: they are as old as time, so that nothing changes with a restart. */
const CREATED_AT = isoTime(0);

type Body = (call: Call, model: Model, facts: TypeFacts) => object;

export function listOf(call: Call, models: Models, body: Body): Answer {
  const results = models.list().flatMap((model) => {
    const facts = factsOf(call.context.engine, model);
    return facts === null ? [] : [body(call, model, facts)];
  });
  return ok(pageText(results));
}

export function oneOf(call: Call, models: Models, body: Body): Answer {
  const { model, facts } = requireModel(call, models);
  return ok(JSON.stringify(body(call, model, facts)));
}

export function listVersions(call: Call, models: Models): Answer {
  const { facts } = requireModel(call, models);
  return ok(pageText([versionBody(facts)]));
}

export function oneVersion(call: Call, models: Models): Answer {
  const { facts } = requireModel(call, models);
  if (param(call, 'version') !== facts.name) throw notFound();
  return ok(JSON.stringify(versionBody(facts)));
}

function requireModel(call: Call, models: Models): { readonly model: Model; readonly facts: TypeFacts } {
  const model = models.named(param(call, 'owner'), param(call, 'name'));
  const facts = model === null ? null : factsOf(call.context.engine, model);
  if (model === null || facts === null)
    throw new BideError('TYPE_NOT_FOUND', 'The requested resource could not be found.');
  return { model, facts };
}

function pageText(results: readonly unknown[]): string {
  return JSON.stringify({ previous: null, next: null, results } satisfies Page);
}

export const modelBody: Body = (call, { owner, name }, facts) => ({
  url: `${call.context.publicUrl(call.request)}/v1/models/${owner}/${name}`,
  owner,
  name,
  description: facts.description,
  visibility: 'private',
  github_url: null,
  paper_url: null,
  license_url: null,
  run_count: 0,
  cover_image_url: null,
  default_example: null,
  latest_version: versionBody(facts),
});

export const deploymentBody: Body = (_call, { owner, name }, facts) => ({
  owner,
  name,
  current_release: {
    number: 1,
    model: `${owner}/${name}`,
    version: facts.name,
    created_at: CREATED_AT,
    created_by: { type: 'organization', username: owner, name: owner },
    configuration: { hardware: 'cpu', min_instances: 0, max_instances: facts.slots },
  },
});

function versionBody({ name, inputSchema }: TypeFacts) {
  return { id: name, created_at: CREATED_AT, cog_version: '0', openapi_schema: openApi(name, inputSchema) };
}

/** Where the vendor's clients look for what a model takes and gives. */
function openApi(name: string, inputSchema: Json) {
  return {
    openapi: '3.0.2',
    info: { title: name, version: '1' },
    paths: {},
    components: { schemas: { Input: inputSchema ?? {}, Output: { title: 'Output' } } },
  };
}
