/** The Model Context Protocol: job types are tools, jobs are tasks, on both of its wires at once. */
import type { Dialect } from '../../http/dialect.ts';
import { DIALECT, errorBody, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, type McpOptions, parseOptions } from './options.ts';
import { register } from './routes.ts';
import { TASK_WORDS } from './wire.ts';

export const mcp: Dialect<McpOptions> = {
  name: DIALECT,
  title: 'Model Context Protocol (tools and tasks)',
  vocabulary: {
    words: TASK_WORDS,
    states: WORDS,
    unsupported: {
      input_required: 'No state of its own: said of a job that waits for a signal, to clients that show forms.',
    },
  },
  serves: [
    {
      method: 'POST',
      path: '/',
      purpose:
        '2025-11-25: initialize, ping, tools/list, tools/call (with or without task), tasks/get, tasks/result, tasks/list, tasks/cancel',
    },
    {
      method: 'POST',
      path: '/',
      purpose:
        '2026-07-28: server/discover, tools/list, tools/call, and of the extension io.modelcontextprotocol/tasks: tasks/get, tasks/update, tasks/cancel, subscriptions/listen',
    },
    { method: 'GET', path: '/', purpose: '2025-11-25: resumes a stream of events, by Last-Event-ID' },
    {
      method: 'GET',
      path: '/.well-known/oauth-protected-resource',
      purpose: 'What the 401 points to: keys are bearer tokens',
    },
  ],
  omits: [
    {
      what: 'resources, prompts, completions',
      why: 'A job server has jobs; what they bring is in the results of tools.',
    },
    { what: 'sampling, roots', why: 'A job does not ask the model or the disk of whoever started it.' },
    { what: 'logging', why: 'What a job logs is read natively, by people; 2026-07-28 deprecates it.' },
    {
      what: 'DELETE, GET without Last-Event-ID',
      why: 'A session is only its id: there is nothing to end, and nothing to hear.',
    },
    { what: 'HTTP+SSE of 2024-11-05', why: 'Deprecated since 2025, and a session of one process.' },
  ],
  errorBody,
  setup: `curl -H "Authorization: Bearer $BIDE_KEY" -H "Content-Type: application/json" "{url}" -d '{"jsonrpc":"2.0","id":1,"method":"tasks/get","params":{"taskId":"'$JOB'"}}'`,
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
};
