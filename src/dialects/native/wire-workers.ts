/** The schemas of who works. */
import { Type } from 'typebox';
import { nullable, time } from './wire-parts.ts';

const WorkerShape = Type.Object(
  {
    name: Type.String({ description: 'As jobs and attempts name it.' }),
    kind: Type.Unsafe<'server' | 'remote'>({
      type: 'string',
      enum: ['server', 'remote'],
      description: 'A process of the server, or a worker of this tenant that claims over HTTP.',
    }),
    host: nullable(Type.String({ description: 'For the scope admin; of processes.' })),
    pid: nullable(Type.Integer({ description: 'For the scope admin; of processes.' })),
    version: nullable(
      Type.String({ description: 'Of a process its version, of a worker what its program calls itself.' }),
    ),
    types: Type.Array(Type.Object({ name: Type.String(), slots: Type.Integer() }), {
      description: 'What it takes. None for a process that only answers callers.',
    }),
    slots: Type.Integer({ description: 'Jobs that it takes at once, in all.' }),
    running: Type.Integer({ description: 'Jobs that it runs: of this tenant, for the scope admin of all.' }),
    startedAt: nullable(time('When the process started.')),
    seenAt: time('When it was heard of last.'),
  },
  { title: 'Worker' },
);

export function workerSchemas() {
  return { workers: Type.Object({ workers: Type.Array(WorkerShape) }, { title: 'Workers' }) };
}
