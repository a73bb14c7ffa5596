/**
 * Text from elsewhere, made fit for one line of a terminal: messages, tags and types are written by whoever may submit, and a
 * control character in one could redraw the reader's screen. JSON output needs none of this, it escapes them itself.
 */
export function printable(text: string): string {
  return text.replace(/\p{Cc}+|\p{Cf}/gu, ' ').trim();
}

/** Cut to `width` characters, with an ellipsis where something is missing. */
export function fitted(text: string, width: number): string {
  const characters = Array.from(text);
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`;
}
