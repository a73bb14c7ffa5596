/** Symbl.ai: text is taken as it is, audio is measured. A speech recogniser would be a `command` type in its place. */
import { readFile } from 'node:fs/promises';
import { PermanentError } from 'bide';

interface TextJob {
  readonly messages: readonly { readonly payload: { readonly content: string } }[];
}

const STOP_WORDS = new Set(
  'about also been from have into more some than that their them then there they this what when will with your'.split(
    ' ',
  ),
);
const TOPICS_MAX = 5;

/** The words that come most often, beside the messages themselves: sentences, questions and members follow from these. */
function conversation({ messages }: TextJob): object {
  const counts = new Map<string, number>();
  const words = messages.flatMap(({ payload }) => payload.content.toLowerCase().match(/\p{L}{4,}/gu) ?? []);
  for (const word of words) if (!STOP_WORDS.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const topics = [...counts]
    .sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
    .slice(0, TOPICS_MAX)
    .map(([text, count], index) => ({
      id: String(index + 1),
      text,
      type: 'topic',
      score: count / words.length,
      messageIds: [],
      parentRefs: [],
    }));
  return { messages, topics };
}

const HEADER_BYTES = 44;

/** What can be told of a PCM WAV file without hearing it: a segment per second, with its loudest sample. */
async function measureAudio({ file }: { readonly file: string }): Promise<object> {
  const bytes = await readFile(file);
  if (bytes.toString('latin1', 0, 4) !== 'RIFF' || bytes.readUInt16LE(34) !== 16) {
    throw new PermanentError('only WAV files with 16 bits per sample are measured');
  }
  const perSecond = bytes.readUInt32LE(28);
  const seconds = (bytes.length - HEADER_BYTES) / perSecond;
  const segments = Array.from({ length: Math.ceil(seconds) }, (_, start) => {
    const samples = bytes.subarray(HEADER_BYTES + start * perSecond, HEADER_BYTES + (start + 1) * perSecond);
    const end = Math.min(start + 1, seconds);
    return { start, end, speaker: 'recording', text: `Second ${start + 1} peaks at ${peakOf(samples)}.` };
  });
  return { segments };
}

function peakOf(samples: Buffer): number {
  let peak = 0;
  for (let offset = 0; offset + 1 < samples.length; offset += 2)
    peak = Math.max(peak, Math.abs(samples.readInt16LE(offset)));
  return peak;
}

export const symblTypes = { 'symbl-text': conversation, 'symbl-audio': measureAudio };

export const symblOptions = { text: { type: 'symbl-text' }, audio: { type: 'symbl-audio' } };
