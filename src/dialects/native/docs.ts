/** OpenAPI 3.1 from the schemas of the routes, and a reference page that is served from the package: no CDN, no call home. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { PROBLEM_ID } from './wire-job.ts';

const DESCRIPTION = `Submit work, get a job id, wait for it, fetch the result.

Times are ISO 8601 in UTC, durations in bodies are milliseconds, waits in the URL or in \`Prefer: wait=N\` are seconds. A status carries an
\`ETag\` and, until the job is final, a \`Retry-After\` that is computed from recent durations and the queue: who comes back then looks three times at most
for most jobs, and learns of the end within a tenth of the duration or a second. Who looks at unfinished jobs faster than \`pollsPerSecondMax\` gets 429; a \`wait\` is not counted.
Errors are \`application/problem+json\` with a stable \`code\`.

To see a job change, \`GET /v1/jobs/{id}/events\` streams server-sent events: \`event: job\`, the revision as \`id\`, the job as \`data\`. Where something on the
way keeps streams back, \`If-None-Match\` with \`wait\` on the status tells the same, one change per request.
To see all jobs change, \`GET /v1/events\` is one feed of every change of the tenant's jobs, as a stream or page by page, by one cursor that survives restarts.

Scopes: \`submit\` submits, cancels, retries and removes; \`read\` reads, lists and waits; \`work\` claims and reports; \`operate\` changes many jobs at once and
pauses types; \`metrics\` sees the
metrics; \`admin\` does all of it and manages the keys of every tenant.`;

/** Call before the routes are declared: only those that come later are seen. */
export async function collectRoutes(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Bide',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A key, as `bide keys create` prints it.' },
          header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        },
      },
      servers: [{ url: '/', description: 'The server that this document comes from.' }],
      tags: TAGS,
      security: [{ bearer: [] }, { header: [] }],
    },
    refResolver: { buildLocalReference: (schema) => String(schema.title ?? schema.$id) },
    transform: ({ schema, url, route }) => {
      const operationId = operationIdOf(String(route.method), url.slice(app.prefix.length));
      return { url, schema: { ...schema, operationId, response: withProblems(schema?.response) } };
    },
  });
}

const TAGS = [
  { name: 'jobs', description: 'Submitting, reading, waiting, cancelling.' },
  { name: 'groups', description: 'Jobs that are looked at as one, and what is submitted when all of them are final.' },
  { name: 'work', description: 'For workers: claiming jobs and reporting on them.' },
  { name: 'types', description: 'What may be submitted, and how it goes.' },
  {
    name: 'schedules',
    description: 'Jobs that are submitted again and again. docs/features/schedules.md says what happens when.',
  },
  {
    name: 'limits',
    description:
      'How many jobs of a key run at once, and how many start in a time. See docs/features/limits-per-key.md.',
  },
  { name: 'audit', description: 'What operators have done.' },
  {
    name: 'webhooks',
    description:
      'Telling others of jobs: endpoints, secrets, deliveries. docs/features/webhooks.md has the recipe for receivers.',
  },
  { name: 'keys', description: 'Who may call; for admins.' },
  { name: 'service', description: 'What balancers and Prometheus ask.' },
];

/** What generated clients name their functions by; stable, like the paths. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'POST /v1/jobs': 'submitJob',
  'GET /v1/jobs': 'listJobs',
  'POST /v1/jobs/bulk': 'submitJobs',
  'POST /v1/jobs/wait': 'waitForJobs',
  'GET /v1/jobs/:id': 'getJob',
  'DELETE /v1/jobs/:id': 'removeJob',
  'PATCH /v1/jobs/:id': 'amendJob',
  'POST /v1/jobs/:id/resubmit': 'resubmitJob',
  'GET /v1/jobs/:id/result': 'getResult',
  'GET /v1/jobs/:id/input': 'getInput',
  'GET /v1/jobs/:id/events': 'followJob',
  'GET /v1/events': 'followJobs',
  'GET /v1/jobs/:id/attempts': 'listAttempts',
  'GET /v1/jobs/:id/parents': 'listParents',
  'GET /v1/jobs/:id/children': 'listChildren',
  'GET /v1/jobs/:id/logs': 'readLogs',
  'GET /v1/jobs/:id/output': 'readOutput',
  'POST /v1/jobs/:id/signals/:name': 'signalJob',
  'POST /v1/jobs/:id/cancel': 'cancelJob',
  'POST /v1/jobs/:id/retry': 'retryJob',
  'POST /v1/groups': 'createGroup',
  'GET /v1/groups': 'listGroups',
  'GET /v1/groups/:id': 'getGroup',
  'POST /v1/groups/:id/jobs': 'addToGroup',
  'GET /v1/groups/:id/jobs': 'listGroupJobs',
  'POST /v1/groups/:id/close': 'closeGroup',
  'GET /v1/groups/:id/events': 'followGroup',
  'POST /v1/groups/:id/cancel': 'cancelGroup',
  'POST /v1/groups/:id/retry': 'retryGroup',
  'DELETE /v1/groups/:id': 'removeGroup',
  'POST /v1/work/claim': 'claimWork',
  'POST /v1/work/:id/heartbeat': 'heartbeatWork',
  'POST /v1/work/:id/succeed': 'succeedWork',
  'POST /v1/work/:id/fail': 'failWork',
  'POST /v1/work/:id/release': 'releaseWork',
  'POST /v1/jobs/cancel': 'cancelJobs',
  'POST /v1/jobs/retry': 'retryJobs',
  'POST /v1/jobs/remove': 'removeJobs',
  'GET /v1/counts': 'countJobs',
  'GET /v1/audit': 'readAudit',
  'GET /v1/stats': 'readStats',
  'GET /v1/workers': 'listWorkers',
  'GET /v1/types': 'listTypes',
  'GET /v1/types/:type': 'getType',
  'POST /v1/types/:type/pause': 'pauseType',
  'POST /v1/types/:type/resume': 'resumeType',
  'GET /v1/limits': 'listLimits',
  'GET /v1/limits/:key': 'getLimit',
  'PUT /v1/limits/:key': 'setLimit',
  'DELETE /v1/limits/:key': 'removeLimit',
  'POST /v1/limits/:key/close': 'closeLimit',
  'POST /v1/limits/:key/open': 'openLimit',
  'PUT /v1/schedules/:name': 'putSchedule',
  'GET /v1/schedules': 'listSchedules',
  'GET /v1/schedules/:name': 'getSchedule',
  'DELETE /v1/schedules/:name': 'removeSchedule',
  'POST /v1/schedules/:name/pause': 'pauseSchedule',
  'POST /v1/schedules/:name/resume': 'resumeSchedule',
  'POST /v1/schedules/:name/run': 'runSchedule',
  'GET /v1/schedules/:name/runs': 'listRuns',
  'POST /v1/webhooks': 'createWebhook',
  'GET /v1/webhooks': 'listWebhooks',
  'GET /v1/webhooks/:id': 'getWebhook',
  'PATCH /v1/webhooks/:id': 'updateWebhook',
  'DELETE /v1/webhooks/:id': 'removeWebhook',
  'POST /v1/webhooks/:id/rotate': 'rotateWebhook',
  'POST /v1/webhooks/:id/test': 'testWebhook',
  'GET /v1/webhooks/:id/deliveries': 'listWebhookDeliveries',
  'GET /v1/webhooks/:id/deliveries/:delivery': 'getWebhookDelivery',
  'POST /v1/webhooks/:id/deliveries/:delivery/redeliver': 'redeliverWebhookDelivery',
  'POST /v1/webhooks/:id/deliveries/redeliver': 'redeliverFailedDeliveries',
  'GET /v1/webhooks/secret': 'getCallbackSecret',
  'POST /v1/webhooks/secret/rotate': 'rotateCallbackSecret',
  'GET /v1/jobs/:id/deliveries': 'listJobDeliveries',
  'GET /v1/jobs/:id/deliveries/:delivery': 'getJobDelivery',
  'POST /v1/jobs/:id/deliveries/:delivery/redeliver': 'redeliverJobDelivery',
  'POST /v1/keys': 'createKey',
  'GET /v1/keys': 'listKeys',
  'DELETE /v1/keys/:id': 'revokeKey',
  'GET /healthz': 'getHealth',
  'GET /readyz': 'getReadiness',
  'GET /metrics': 'getMetrics',
};

/** A route that somebody else declared in the same frame goes by its path. */
function operationIdOf(method: string, path: string): string {
  return OPERATIONS[`${method} ${path}`] ?? `${method.toLowerCase()}${path.replaceAll(/\W+/g, '_')}`;
}

function withProblems(response: unknown): object {
  const problem = { description: 'An error.', content: { 'application/problem+json': { schema: PROBLEM_REF } } };
  return { ...(response as object | undefined), '4XX': problem, '5XX': problem };
}

const PROBLEM_REF = { $ref: `${PROBLEM_ID}#` } as const;

/** The page runs its own script and style and talks to this server; `upgrade-insecure-requests`, which is usual, would break plain HTTP. */
const PAGE_POLICY = [
  "default-src 'self'",
  "img-src 'self' data:",
  "style-src 'self' 'unsafe-inline'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

export function serveDocs(app: FastifyInstance): void {
  let text: string | undefined;
  app.get('/openapi.json', { schema: { hide: true } }, (_request, reply) => {
    text ??= JSON.stringify(app.swagger());
    return reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(text);
  });
  app.register(swaggerUi, {
    routePrefix: '/docs',
    uiConfig: { docExpansion: 'list', deepLinking: true, validatorUrl: null },
    staticCSP: PAGE_POLICY,
    theme: { title: 'Bide' },
  });
}
