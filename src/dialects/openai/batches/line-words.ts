/** How this dialect says the lines of a batch, on their way in and out. */
import type { FileProblem, IssueSaid, LineWords } from '../../../engine/api.ts';
import type { Context } from '../call.ts';
import { OUTPUT_PURPOSE } from '../files/wire.ts';
import type { Models } from '../models.ts';
import { BATCH_IDS } from '../named-ids.ts';
import { missingLine, outputLine } from './output-line.ts';
import { issueOf, readLine } from './read-line.ts';

export function lineWords({ engine }: Context, models: Models): LineWords {
  const reading = { models, jsonDepthMax: engine.limits.jsonDepthMax };
  return {
    read: (text, batch) => readLine(reading, text, batch),
    problem,
    refusal: issueOf,
    write: (batch, snapshot) => outputLine(engine, batch, snapshot),
    missing: missingLine,
    fileName: (id, kind) => `${BATCH_IDS.of(id)}_${kind}.jsonl`,
    outputPurpose: OUTPUT_PURPOSE,
  };
}

const SAID: Readonly<
  Record<FileProblem, readonly [code: string, param: string | null, say: (about: string) => string]>
> = {
  empty: ['empty_file', null, () => 'The input file is empty: it needs a request on each line.'],
  gone: ['invalid_input_file', 'input_file_id', () => 'The input file was removed before all of its lines were read.'],
  tooManyLines: [
    'too_many_requests',
    null,
    (about) => `The input file has more lines than a batch may have: ${about}.`,
  ],
  lineTooLong: ['line_too_long', null, (about) => `This line is longer than a request may be: ${about}.`],
  keyTwice: [
    'duplicate_custom_id',
    'custom_id',
    (about) => `The custom_id ${JSON.stringify(about)} is used twice: it must be unique within a batch.`,
  ],
  closed: [
    'batch_closed',
    null,
    () => 'The group of the batch was closed or removed before all of its lines were submitted.',
  ],
};

function problem(kind: FileProblem, about: string): IssueSaid {
  const [code, param, say] = SAID[kind];
  return { code, message: say(about), param };
}
