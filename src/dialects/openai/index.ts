/** OpenAI: responses in the background, batches of them, and the models behind them, for the vendor's clients as they are. */
import type { Dialect, ServedEndpoint } from '../../http/dialect.ts';
import { errorBody } from './errors.ts';
import { DEFAULT_OPTIONS, type OpenaiOptions, parseOptions } from './options.ts';
import { DIALECT, WORDS } from './responses/mapping.ts';
import { renderDelivery } from './responses/render-delivery.ts';
import { register } from './routes.ts';
import { STATUS_WORDS } from './wire.ts';

const RESPONSES: readonly ServedEndpoint[] = [
  {
    method: 'POST',
    path: '/v1/responses',
    purpose: 'Starts a job of the type that is the model: in the background, held, or as a stream',
  },
  {
    method: 'GET',
    path: '/v1/responses/{id}',
    purpose: 'A job with its output, usage and error; or its stream, behind `starting_after`',
  },
  { method: 'GET', path: '/v1/responses/{id}/input_items', purpose: 'What it was asked, as items' },
  { method: 'POST', path: '/v1/responses/{id}/cancel', purpose: 'Cancels a job' },
  { method: 'DELETE', path: '/v1/responses/{id}', purpose: 'Removes a job; one that is under way is cancelled first' },
];

const BATCHES: readonly ServedEndpoint[] = [
  { method: 'POST', path: '/v1/files', purpose: 'Takes a file of requests, one a line (`purpose: "batch"`)' },
  { method: 'GET', path: '/v1/files', purpose: 'Files, newest first or oldest first' },
  { method: 'GET', path: '/v1/files/{id}', purpose: 'A file: its name, size and end' },
  { method: 'GET', path: '/v1/files/{id}/content', purpose: 'Its text: requests, or the answers of a batch' },
  { method: 'DELETE', path: '/v1/files/{id}', purpose: 'Removes a file' },
  { method: 'POST', path: '/v1/batches', purpose: 'Runs the lines of a file as a group of jobs' },
  { method: 'GET', path: '/v1/batches', purpose: 'Batches, newest first' },
  { method: 'GET', path: '/v1/batches/{id}', purpose: 'A batch with its counts, wrong lines and files' },
  { method: 'POST', path: '/v1/batches/{id}/cancel', purpose: 'Cancels what of a batch has not ended' },
];

export const openai: Dialect<OpenaiOptions> = {
  name: DIALECT,
  title: 'OpenAI',
  vocabulary: { words: STATUS_WORDS, states: WORDS, unsupported: {} },
  serves: [
    ...RESPONSES,
    ...BATCHES,
    { method: 'GET', path: '/v1/models', purpose: 'Models: the names of the config, and the job types' },
    { method: 'GET', path: '/v1/models/{id}', purpose: 'One of them' },
  ],
  omits: [
    {
      what: '`conversation`, `prompt`, and their paths',
      why: 'A conversation goes on by `previous_response_id`, or by what was said before as items of `input`.',
    },
    {
      what: 'POST /v1/chat/completions, /v1/embeddings and other calls that are not asynchronous',
      why: 'Whoever does not want to wait asks the upstream itself.',
    },
    {
      what: 'files of other purposes, lines for other endpoints than /v1/responses and /v1/chat/completions',
      why: 'A file is what a batch is made of; a job type of any kind is reached by /v1/responses.',
    },
    {
      what: '`model` and `usage` of a batch, webhooks `batch.*`',
      why: 'Each line says its own; the responses of its lines are told.',
    },
    {
      what: '/v1/fine_tuning, /v1/evals, /v1/vector_stores, /v1/assistants, /v1/organization',
      why: 'The vendor’s own products.',
    },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/responses/$JOB"',
  clientPath: '/v1',
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
  renderDelivery,
};
