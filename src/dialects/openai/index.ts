/** OpenAI: responses in the background and the models behind them, for the vendor's clients as they are. */
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

export const openai: Dialect<OpenaiOptions> = {
  name: DIALECT,
  title: 'OpenAI',
  vocabulary: { words: STATUS_WORDS, states: WORDS, unsupported: {} },
  serves: [
    ...RESPONSES,
    { method: 'GET', path: '/v1/models', purpose: 'Models: the names of the config, and the job types' },
    { method: 'GET', path: '/v1/models/{id}', purpose: 'One of them' },
  ],
  omits: [
    {
      what: '`previous_response_id`, `conversation`, `prompt`',
      why: 'Nothing is remembered between responses: what was said before is sent as items of `input`.',
    },
    {
      what: 'POST /v1/chat/completions, /v1/embeddings and other calls that are not asynchronous',
      why: 'Whoever does not want to wait asks the upstream itself.',
    },
    {
      what: '/v1/fine_tuning, /v1/evals, /v1/vector_stores, /v1/assistants, /v1/organization',
      why: 'The vendor’s own products.',
    },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/responses/$JOB"',
  parseOptions,
  playground: DEFAULT_OPTIONS,
  register,
  renderDelivery,
};
