/**
 * What Fastify itself costs, in a process of its own: `bare BYTES` answers any read or submit with a constant body of so many bytes, `pool URL`
 * reads one row by its key through `pg.Pool` and answers it. Prints `{"port"}` and ends when its stdin does.
 */
import Fastify, { type FastifyInstance } from 'fastify';
import pg from 'pg';

const JSON_TYPE = 'application/json; charset=utf-8';

/** A body of so many bytes. */
function bare(bytes: number): FastifyInstance {
  const app = Fastify();
  const body = JSON.stringify({ pad: 'x'.repeat(Math.max(0, bytes - 10)) });
  app.get('/v1/jobs/:id', (_request, reply) => reply.type(JSON_TYPE).send(body));
  app.post('/v1/jobs', (_request, reply) => reply.code(202).type(JSON_TYPE).send(body));
  return app;
}

/** A table `job` of ids and bodies, which whoever starts this has made. */
function reading(url: string): FastifyInstance {
  const app = Fastify();
  const pool = new pg.Pool({ connectionString: url });
  app.get<{ Params: { id: string } }>('/v1/jobs/:id', async (request, reply) => {
    const { rows } = await pool.query<{ body: string }>('SELECT body FROM job WHERE id = $1', [request.params.id]);
    return reply.type(JSON_TYPE).send(rows[0]?.body ?? '{}');
  });
  return app;
}

const [kind = '', argument = ''] = process.argv.slice(2);
const app = kind === 'pool' ? reading(argument) : bare(Number(argument));
const url = await app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ port: Number(new URL(url).port) })}\n`);
process.stdin.resume().on('end', () => process.exit(0));
