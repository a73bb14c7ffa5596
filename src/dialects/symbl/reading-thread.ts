/** The thread in which conversations are read that are too long for the thread that answers everybody. */
import { parentPort } from 'node:worker_threads';
import { BideError, type ErrorCode } from '../../core/errors.ts';
import { answerText, type Material, type Question } from './answers.ts';

export interface ReadingOrder {
  readonly material: Material;
  readonly question: Question;
  readonly bytesMax: number;
}

export type ReadingReply =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'refused'; readonly code: ErrorCode; readonly message: string };

parentPort?.on('message', ({ material, question, bytesMax }: ReadingOrder) => {
  parentPort?.postMessage(replyTo(material, question, bytesMax));
});

function replyTo(material: Material, question: Question, bytesMax: number): ReadingReply {
  try {
    return { kind: 'text', text: answerText(material, question, bytesMax) };
  } catch (error) {
    // A bug ends the thread: its stack reaches the log from there.
    if (!(error instanceof BideError)) throw error;
    return { kind: 'refused', code: error.code, message: error.message };
  }
}
