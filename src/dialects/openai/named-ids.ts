/** Ids as the vendor spells them: a word, and the digits of an id of this server. Pure. */

const DIGITS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

export interface NamedIds {
  of(id: string): string;
  /** The id behind it; null for what is none of these. */
  read(text: string): string | null;
}

export function namedIds(prefix: string): NamedIds {
  return {
    of: (id) => prefix + digitsOf(id),
    read(text) {
      const parts = text.startsWith(prefix) ? DIGITS.exec(text.slice(prefix.length)) : null;
      return parts === null ? null : parts.slice(1).join('-');
    },
  };
}

export function digitsOf(id: string): string {
  return id.replaceAll('-', '');
}

export const FILE_IDS = namedIds('file-');
export const BATCH_IDS = namedIds('batch_');
