/** Items of an output that are made here. Pure. */
import type { MessageItem, OutputText } from './wire.ts';

export function outputText(text: string): OutputText {
  return { type: 'output_text', text, annotations: [], logprobs: [] };
}

export function messageItem(id: string, text: string, status: MessageItem['status'] = 'completed'): MessageItem {
  return { id, type: 'message', status, role: 'assistant', content: [outputText(text)] };
}

/** The text of a chunk that was emitted: a string is its text, anything else its JSON. */
export function chunkText(line: string): string {
  return line.startsWith('"') ? (JSON.parse(line) as string) : line;
}
