/** A conversation as one text: Markdown paragraphs by speaker, or SubRip subtitles. */
import { BideError } from '../../core/errors.ts';
import type { Json } from '../../core/job.ts';
import { fieldsOf } from '../../core/json-object.ts';
import type { Message } from './wire.ts';

const MARKDOWN = 'text/markdown';
const SUBTITLES = 'text/srt';

export function transcriptOf(messages: readonly Message[], body: Json | undefined): object {
  const contentType = fieldsOf(body).contentType ?? MARKDOWN;
  if (contentType === MARKDOWN) return { transcript: { payload: markdown(messages), contentType } };
  if (contentType === SUBTITLES) return { transcript: { payload: subtitles(messages), contentType } };
  throw new BideError('INVALID_REQUEST', `"contentType" must be ${MARKDOWN} or ${SUBTITLES}`);
}

/** A paragraph per turn of a speaker. */
function markdown(messages: readonly Message[]): string {
  const turns: { readonly name: string; readonly texts: string[] }[] = [];
  for (const { from, text } of messages) {
    const last = turns.at(-1);
    if (last?.name === from.name) last.texts.push(text);
    else turns.push({ name: from.name, texts: [text] });
  }
  return turns.map(({ name, texts }) => `**${name}**\n\n${texts.join(' ')}\n`).join('\n');
}

function subtitles(messages: readonly Message[]): string {
  return messages
    .map(({ text, timeOffset, duration }, index) => {
      const span = `${clock(timeOffset)} --> ${clock(timeOffset + duration)}`;
      return `${index + 1}\n${span}\n${text}\n`;
    })
    .join('\n');
}

/** `hh:mm:ss,mmm`, whatever the number of hours. */
function clock(seconds: number): string {
  const ms = Math.max(0, Math.round(seconds * 1_000));
  const parts = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1_000) % 60];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')},${String(ms % 1_000).padStart(3, '0')}`;
}
