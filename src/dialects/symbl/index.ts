/** Symbl.ai: conversations of text, audio and video, processed in order; jobs of two fields, results beside them, webhooks. */
import type { Dialect } from '../../http/dialect.ts';
import { READINGS } from './answers.ts';
import { DIALECT, errorBody, renderDelivery, WORDS } from './mapping.ts';
import { DEFAULT_OPTIONS, parseOptions, type SymblOptions } from './options.ts';
import { register } from './routes.ts';
import { checkAttempt } from './upload-check.ts';
import { MEDIA, STATUS_WORDS } from './wire.ts';

const PROCESS = '/v1/process';
const CONVERSATION = '/v1/conversations/{conversationId}';

export const symbl: Dialect<SymblOptions> = {
  name: DIALECT,
  title: 'Symbl.ai',
  vocabulary: { words: STATUS_WORDS, states: WORDS, unsupported: {} },
  serves: [
    { method: 'POST', path: '/oauth2/token:generate', purpose: 'A token for an app; the secret is a key of Bide' },
    { method: 'POST', path: `${PROCESS}/text`, purpose: 'Submits text' },
    { method: 'PUT', path: `${PROCESS}/text/{conversationId}`, purpose: 'Appends text' },
    ...MEDIA.flatMap((medium) => [
      { method: 'POST', path: `${PROCESS}/${medium}`, purpose: `Submits ${medium} as the body` },
      { method: 'PUT', path: `${PROCESS}/${medium}/{conversationId}`, purpose: `Appends ${medium}` },
      { method: 'POST', path: `${PROCESS}/${medium}/url`, purpose: `Submits ${medium} by its address` },
      { method: 'PUT', path: `${PROCESS}/${medium}/url/{conversationId}`, purpose: `Appends ${medium} by its address` },
    ]),
    { method: 'GET', path: '/v1/job/{jobId}', purpose: 'Status of a job: two fields' },
    { method: 'GET', path: '/v1/conversations', purpose: 'Lists conversations' },
    { method: 'GET', path: CONVERSATION, purpose: 'One conversation' },
    { method: 'PUT', path: CONVERSATION, purpose: 'Sets its metadata' },
    { method: 'DELETE', path: CONVERSATION, purpose: 'Deletes it with its jobs' },
    { method: 'PUT', path: `${CONVERSATION}/members/{memberId}`, purpose: 'Names a member' },
    { method: 'PUT', path: `${CONVERSATION}/speakers`, purpose: 'Says who spoke when' },
    { method: 'POST', path: `${CONVERSATION}/transcript`, purpose: 'The conversation as Markdown or subtitles' },
    ...Object.keys(READINGS).map((name) => ({
      method: 'GET',
      path: `${CONVERSATION}/${name}`,
      purpose: `Its ${name}`,
    })),
  ],
  omits: [
    {
      what: '/oauth2/token:refresh, /oauth2/token:revoke',
      why: 'A token is asked for again by token:generate, and ends by itself or with its key; nothing is kept that one could be revoked in.',
    },
    {
      what: 'Topics, action items, follow-ups, intents, summaries of our own',
      why: 'They need a model: a handler that has one returns them, and they are answered as it says.',
    },
    { what: 'experiences', why: 'Pages that the vendor hosts about a conversation; there is no address to hand out.' },
    { what: 'callscore/status, lm-insights/status', why: 'No such analysis is made.' },
    {
      what: 'bookmarks, bookmarks-data, bookmark users',
      why: 'Notes of people about a conversation: nothing is computed, and its metadata can carry them.',
    },
    {
      what: 'filter of the list of conversations',
      why: 'RSQL over fields of the vendor; order, sort, times, limit and offset are served.',
    },
    { what: 'phrases', why: 'Always an empty list, since nothing detects them.' },
  ],
  errorBody,
  setup: 'curl -H "Authorization: Bearer $BIDE_KEY" "{url}/v1/job/$JOB"',
  parseOptions,
  playground: { ...DEFAULT_OPTIONS, text: { type: 'echo' } },
  register: (app, context) => register(app, context),
  renderDelivery,
  checkAttempt,
};
