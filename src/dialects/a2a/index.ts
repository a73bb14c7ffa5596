/** A2A: agents that send each other messages. Job types are the skills of one agent, jobs are its tasks. */
import type { Dialect } from '../../http/dialect.ts';
import { errorBody } from './faults.ts';
import { DIALECT, PARKED_WORD, WORDS } from './mapping.ts';
import { type A2aOptions, DEFAULT_OPTIONS, parseOptions } from './options.ts';
import { renderDelivery } from './render-delivery.ts';
import { register } from './routes.ts';
import { CARD_PATH, TASK_STATES } from './wire.ts';

export const a2a: Dialect<A2aOptions> = {
  name: DIALECT,
  title: 'A2A (Agent2Agent)',
  vocabulary: {
    words: TASK_STATES,
    states: WORDS,
    parked: PARKED_WORD,
    unsupported: {
      TASK_STATE_REJECTED: 'What is refused is refused before there is a task, by an error.',
      TASK_STATE_AUTH_REQUIRED: 'Keys are asked for before there is a task; a job that needs more waits for input.',
    },
  },
  serves: [
    { method: 'GET', path: CARD_PATH, purpose: 'The agent card, at the root of the server too: job types as skills' },
    { method: 'GET', path: '/extendedAgentCard', purpose: 'The card for callers with a key: all job types' },
    {
      method: 'POST',
      path: '/message:send',
      purpose: 'Starts a job or tells one what it waits for; held until it ends',
    },
    { method: 'POST', path: '/message:stream', purpose: 'The same, with its updates as server-sent events' },
    { method: 'GET', path: '/tasks/{id}', purpose: 'A job as a task, with its artifacts when it has ended' },
    { method: 'GET', path: '/tasks', purpose: 'Jobs page by page, by context, state and time' },
    { method: 'POST', path: '/tasks/{id}:cancel', purpose: 'Cancels a job' },
    { method: 'GET', path: '/tasks/{id}:subscribe', purpose: 'Updates of a job as server-sent events' },
    { method: 'POST', path: '/tasks/{id}:subscribe', purpose: 'Updates of a job as server-sent events' },
    { method: 'POST', path: '/tasks/{id}/pushNotificationConfigs', purpose: 'Has changes of a job announced' },
    { method: 'GET', path: '/tasks/{id}/pushNotificationConfigs', purpose: 'Where they are announced' },
    { method: 'GET', path: '/tasks/{id}/pushNotificationConfigs/{config}', purpose: 'One of these' },
    { method: 'DELETE', path: '/tasks/{id}/pushNotificationConfigs/{config}', purpose: 'Ends one of these' },
    {
      method: 'POST',
      path: '/',
      purpose: 'JSON-RPC: the same operations, `SendMessage` and so on in 1.0, `message/send` and so on in 0.3',
    },
  ],
  omits: [
    { what: 'gRPC', why: 'The other two bindings say the same, and every SDK speaks one of them.' },
    {
      what: 'HTTP+JSON of version 0.3',
      why: 'Its clients prefer JSON-RPC, and the SDKs of that version do not agree on the JSON of the other.',
    },
    { what: 'Paths with a tenant', why: 'The key says whose tasks are meant; the card names no tenant.' },
    { what: '`history` of a task', why: 'It is optional, and the input of a job is kept as the job’s input.' },
    { what: 'Signatures of the card', why: 'They are optional, and nobody has the keys to check them.' },
    { what: '`QuerySkill`', why: 'It is no part of 1.0.' },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" -H "A2A-Version: 1.0" "{url}/tasks/$JOB"',
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
  wellKnown: [CARD_PATH],
  renderDelivery,
};
