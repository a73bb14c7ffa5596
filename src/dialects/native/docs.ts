/** OpenAPI 3.1 from the schemas of the routes, and a reference page that is served from the package: no CDN, no call home. */
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { completeDocument } from './openapi/document.ts';
import { operationIdOf, TAGS } from './openapi/operations.ts';
import { MAYBE_BODY, maybeBodyOf } from './openapi/optional-bodies.ts';
import { needOf } from './principal.ts';

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
        contact: { name: 'Whoever runs this server' },
        license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      },
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'A key, as `bide keys create` prints it.' },
          header: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          jobToken: {
            type: 'http',
            scheme: 'bearer',
            description: 'The token of one job, as `POST /v1/jobs/{id}/token` makes it.',
          },
        },
      },
      servers: [{ url: '/', description: 'The server that this document comes from.' }],
      tags: TAGS,
      security: [{ bearer: [] }, { header: [] }],
    },
    refResolver: { buildLocalReference: (schema) => String(schema.title ?? schema.$id) },
    transform: ({ schema, url, route }) => {
      const operationId = operationIdOf(String(route.method), url.slice(app.prefix.length));
      const maybe = maybeBodyOf(route.config);
      const body = maybe === undefined ? {} : { body: maybe, [MAYBE_BODY]: true };
      return { url, schema: { ...schema, ...body, operationId, ...need(needOf(route.onRequest)) } };
    },
    transformObject: (made) =>
      completeDocument('openapiObject' in made ? made.openapiObject : made.swaggerObject, app.prefix),
  });
}

function need(asked: ReturnType<typeof needOf>): object {
  if (asked === null) return { description: 'Open to everybody.', security: [] };
  const key = `a key with the scope \`${asked.scope}\``;
  if (!asked.isOpenToTokens) return { description: `Needs ${key}.` };
  const security = [{ bearer: [] }, { header: [] }, { jobToken: [] }];
  return { description: `Needs ${key}, or the token of this job.`, security };
}

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
