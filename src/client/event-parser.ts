/**
 * Server-sent events out of text as it arrives: the format of the HTML standard, for chunks that are cut anywhere.
 *
 * Lines end in LF, CR or CR LF, also where the two lie in different chunks. An event is complete with its empty line; what is open when
 * the stream ends is dropped, as it may be half of something.
 */

export interface ServerEvent {
  /** `message` where the server gave no name. */
  readonly name: string;
  /** The latest id, which may have come with an event before; empty where there was none. */
  readonly id: string;
  /** Its lines, joined by line feeds. */
  readonly data: string;
}

export interface EventParser {
  /** The events that this text completes. Throws a RangeError for one that is longer than `charactersMax`. */
  read(text: string): readonly ServerEvent[];
  /** Ms to stay away before the next connection, as the server said it last; null where it did not. */
  readonly retryMs: number | null;
  /** The latest id, which may have come without an event; empty where there was none. */
  readonly id: string;
}

const LINE_END = /\r\n|\r|\n/;
const DIGITS = /^\d{1,9}$/;

/** @param charactersMax of one event; a server that never ends one would otherwise fill the memory. */
export function createEventParser(charactersMax: number): EventParser {
  let open = '';
  let isAfterCr = false;
  let retryMs: number | null = null;
  let id = '';
  let lastId = '';
  let name = '';
  let lines: string[] = [];
  let length = 0;

  function dispatch(): ServerEvent | null {
    const event = lines.length === 0 ? null : { name: name || 'message', id, data: lines.join('\n') };
    lastId = id;
    name = '';
    lines = [];
    length = 0;
    return event;
  }

  function take(line: string): void {
    const colon = line.indexOf(':');
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') lines.push(value);
    else if (field === 'event') name = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && DIGITS.test(value)) retryMs = Number(value);
  }

  return {
    read(text) {
      const rest = isAfterCr && text.startsWith('\n') ? text.slice(1) : text;
      if (text !== '') isAfterCr = text.endsWith('\r');
      const complete = (open + rest).split(LINE_END);
      open = complete.pop() ?? '';
      const events: ServerEvent[] = [];
      for (const line of complete) {
        length += line.length;
        if (length > charactersMax) break;
        const event = line === '' ? dispatch() : null;
        if (event !== null) events.push(event);
        if (line !== '') take(line);
      }
      if (length + open.length > charactersMax)
        throw new RangeError(`An event has more than ${charactersMax} characters.`);
      return events;
    },
    get retryMs() {
      return retryMs;
    },
    get id() {
      return lastId;
    },
  };
}
