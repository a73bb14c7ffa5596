/**
 * Finds many phrases in many texts at once: whole words, whatever their case and what stands between them.
 *
 * All phrases are one tree of words, walked from each word of a text: a text costs its words times the words of the longest phrase
 * (at most `PHRASE_WORDS_MAX`), however many phrases there are. Looking for each phrase in each text took 24 s for 5,000 messages.
 */
import type { Message } from './wire.ts';

export const PHRASE_WORDS_MAX = 20;

/** Scripts that put no spaces between words: each sign counts as one. */
const WORDS =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}])[\p{L}\p{N}\p{M}])+/gu;

export interface Place {
  readonly id: string;
  readonly text: string;
  /** Of the first occurrence in the message, in characters. */
  readonly offset: number;
}

interface Node {
  readonly next: Map<string, Node>;
  /** The phrase that ends here, in the form of its first words. */
  phrase: string | null;
}

/** Places of each phrase that occurs anywhere, by `phraseKey`. @param spend called with each place before it is kept. */
export function findPhrases(
  messages: readonly Message[],
  phrases: Iterable<string>,
  spend: (place: Place) => void,
): ReadonlyMap<string, readonly Place[]> {
  const root = treeOf(phrases);
  const found = new Map<string, Place[]>();
  if (root.next.size === 0) return found;
  for (const { id, text } of messages) {
    for (const [phrase, offset] of occurrences(root, text)) {
      const place = { id, text, offset };
      spend(place);
      const places = found.get(phrase);
      if (places === undefined) found.set(phrase, [place]);
      else places.push(place);
    }
  }
  return found;
}

/** What two phrases have in common that are found at the same places. */
export function phraseKey(phrase: string): string {
  return wordsOf(phrase)
    .map(({ word }) => word)
    .join(' ');
}

export function wordCount(text: string): number {
  return wordsOf(text).length;
}

function treeOf(phrases: Iterable<string>): Node {
  const root: Node = { next: new Map(), phrase: null };
  for (const phrase of phrases) {
    const words = wordsOf(phrase).slice(0, PHRASE_WORDS_MAX);
    let node = root;
    for (const { word } of words) {
      const next = node.next.get(word) ?? { next: new Map(), phrase: null };
      node.next.set(word, next);
      node = next;
    }
    if (node !== root) node.phrase = phraseKey(phrase);
  }
  return root;
}

/** The first offset of each phrase in a text. */
function occurrences(root: Node, text: string): ReadonlyMap<string, number> {
  const words = wordsOf(text);
  const first = new Map<string, number>();
  for (const [at, { offset }] of words.entries()) {
    let node: Node | undefined = root;
    for (let step = at; node !== undefined && step < words.length; step += 1) {
      node = node.next.get(words[step]?.word ?? '');
      const phrase = node?.phrase ?? null;
      if (phrase !== null && !first.has(phrase)) first.set(phrase, offset);
    }
  }
  return first;
}

function wordsOf(text: string): readonly { readonly word: string; readonly offset: number }[] {
  return [...text.matchAll(WORDS)].map((match) => ({ word: match[0].toLowerCase(), offset: match.index }));
}
