/** Options of a submit, from the body or the query: the same names in both, booleans and lists as text in the latter. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import { readJson } from '../json-body.ts';
import type { Call } from './call.ts';
import { listOf } from './insights.ts';
import { PHRASE_WORDS_MAX, wordCount } from './phrase-finder.ts';
import type { Options } from './wire.ts';

const FLAGS: ReadonlySet<string> = new Set([
  'detectPhrases',
  'detectEntities',
  'enableAllTrackers',
  'enableSummary',
  'enableSpeakerDiarization',
  'enableSeparateRecognitionPerChannel',
]);
const STRUCTURED: ReadonlySet<string> = new Set([
  'entities',
  'customEntities',
  'trackers',
  'customVocabulary',
  'channelMetadata',
  'features',
  'metadata',
]);
/** The material itself, which is no option. */
const MATERIAL: ReadonlySet<string> = new Set(['messages', 'url']);

export function bodyOptions(body: Json | undefined): Options {
  const entries = Object.entries(fieldsOf(body)).filter(([name]) => !MATERIAL.has(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, FLAGS.has(name) ? flagOf(value) : value]));
}

export function queryOptions({ request, context }: Pick<Call, 'request' | 'context'>): Options {
  const { jsonDepthMax } = context.engine.limits;
  const query = request.query as Readonly<Record<string, string | readonly string[]>>;
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, read(name, value, jsonDepthMax)]));
}

function read(name: string, value: string | readonly string[], depthMax: number): Json {
  if (typeof value !== 'string') return STRUCTURED.has(name) ? value : (value.at(-1) ?? null);
  if (FLAGS.has(name)) return flagOf(value);
  return STRUCTURED.has(name) ? structured(value, depthMax) : value;
}

/** JSON text, or a list of one where it is none: parameters that are repeated come once when there is one. */
function structured(text: string, depthMax: number): Json {
  try {
    return readJson(Buffer.from(text), depthMax) ?? [text];
  } catch (error) {
    if (error instanceof BideError && error.code === 'MALFORMED_JSON') return [text];
    throw error;
  }
}

/** The vendor's own samples send the text "true". */
function flagOf(value: Json): Json {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}

const NAME_LENGTH_MAX = 500;
const METADATA_BYTES_MAX = 16_384;
const TRACKER_NAME_LENGTH_MAX = 500;

/** What is kept or looked for has a length: a list of 500 conversations carries each name and metadata. INVALID_REQUEST says which is too long. */
export function requireOptions({ name, metadata, trackers, entities, customEntities }: Options): void {
  if (typeof name === 'string' && name.length > NAME_LENGTH_MAX) {
    throw new BideError('INVALID_REQUEST', `"name" has at most ${NAME_LENGTH_MAX} characters`);
  }
  if (metadata !== undefined) requireMetadata(metadata);
  for (const tracker of listOf(trackers)) {
    const { name: title, vocabulary } = fieldsOf(tracker);
    if (typeof title === 'string' && title.length > TRACKER_NAME_LENGTH_MAX) {
      throw new BideError('INVALID_REQUEST', `The name of a tracker has at most ${TRACKER_NAME_LENGTH_MAX} characters`);
    }
    for (const phrase of listOf(vocabulary)) requirePhrase(phrase);
  }
  for (const entity of [...listOf(entities), ...listOf(customEntities)]) requirePhrase(fieldsOf(entity).text);
}

export function requireMetadata(metadata: Json): void {
  if (JSON.stringify(metadata).length <= METADATA_BYTES_MAX) return;
  throw new BideError('INVALID_REQUEST', `"metadata" has at most ${METADATA_BYTES_MAX} bytes as JSON`);
}

function requirePhrase(phrase: Json | undefined): void {
  if (typeof phrase !== 'string' || wordCount(phrase) <= PHRASE_WORDS_MAX) return;
  throw new BideError('INVALID_REQUEST', `A phrase to look for has at most ${PHRASE_WORDS_MAX} words`);
}
