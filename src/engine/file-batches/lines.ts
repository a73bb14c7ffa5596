/** The lines of a file, one after another from any of them on, in bounded memory and with each character looked at once. */
import type { LinePlace } from '../../core/file-batches/file-batch.ts';
import type { Files, StoredFile } from '../files/api-files.ts';

export interface FileLine {
  /** From 1 on; lines without anything on them count, and are left out. */
  readonly number: number;
  /** Null where it is longer than it may be. */
  readonly text: string | null;
  /** Where the next one begins. */
  readonly next: LinePlace;
}

const BOM = '\uFEFF';

/** @param lengthMax UTF-16 units of a line. Of a longer one no more is kept */
export async function* linesOf(
  files: Pick<Files, 'texts'>,
  file: Pick<StoredFile, 'id' | 'tenant'>,
  from: LinePlace,
  lengthMax: number,
): AsyncGenerator<FileLine, void, undefined> {
  const line = new GrowingLine(lengthMax);
  let number = from.line;
  let place = from;
  for await (const piece of files.texts(file, from)) {
    const { text } = piece;
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      line.add(text.slice(start, end));
      start = end + 1;
      number += 1;
      place = { part: piece.place.part, offset: piece.place.offset + start, line: number };
      const taken = line.take(number === 1);
      if (taken !== '') yield { number, text: taken, next: place };
    }
    line.add(text.slice(start));
    place = { part: piece.place.part, offset: piece.place.offset + text.length, line: number };
  }
  const last = line.take(number === 0);
  if (last !== '') yield { number: number + 1, text: last, next: { ...place, line: number + 1 } };
}

class GrowingLine {
  readonly #lengthMax: number;
  #pieces: string[] = [];
  #length = 0;

  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  add(text: string): void {
    this.#length += text.length;
    if (this.#length <= this.#lengthMax) this.#pieces.push(text);
    else this.#pieces = [];
  }

  /** Null where it was too long, '' where there is nothing on it. */
  take(isFirst: boolean): string | null {
    const isTooLong = this.#length > this.#lengthMax;
    const text = this.#pieces.join('');
    this.#pieces = [];
    this.#length = 0;
    if (isTooLong) return null;
    return (isFirst && text.startsWith(BOM) ? text.slice(1) : text).trim();
  }
}
