/** Options of a submit, from the body or the query: the same names in both, booleans and lists as text in the latter. */
import type { FastifyRequest } from 'fastify';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
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

export function queryOptions(request: FastifyRequest): Options {
  const query = request.query as Readonly<Record<string, string | readonly string[]>>;
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, read(name, value)]));
}

function read(name: string, value: string | readonly string[]): Json {
  if (typeof value !== 'string') return STRUCTURED.has(name) ? value : (value.at(-1) ?? null);
  if (FLAGS.has(name)) return flagOf(value);
  return STRUCTURED.has(name) ? structured(value) : value;
}

/** JSON text, or a list of one where it is none: parameters that are repeated come once when there is one. */
function structured(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return [text];
  }
}

/** The vendor's own samples send the text "true". */
function flagOf(value: Json): Json {
  if (value === 'true') return true;
  return value === 'false' ? false : value;
}
