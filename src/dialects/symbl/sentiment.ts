/**
 * How a sentence sounds, by the words in it: from -1 to 1.
 *
 * A word list with negation, and no more: enough to tell a complaint from a compliment, and honest about everything else, which it
 * calls neutral. A handler that knows better puts `sentiment` on its messages.
 */

const GOOD =
  'amazing awesome beautiful best better brilliant delighted easy enjoy enjoyed excellent excited fantastic favorite fine friendly fun glad good great happy helpful impressive improved kind like liked love loved nice perfect pleased pleasure reliable safe satisfied smooth success successful thank thanks useful welcome wonderful works';
const BAD =
  'afraid angry annoyed annoying awful bad blocked broke broken complain complaint confused confusing crash crashed damage delay delayed difficult disappointed disappointing error expensive fail failed failing failure frustrated frustrating hate hated horrible issue late lost mistake pain painful poor problem sad slow sorry terrible trouble ugly unhappy unreliable upset useless worried worse worst wrong';

const WEIGHTS: ReadonlyMap<string, number> = new Map([
  ...GOOD.split(' ').map((word) => [word, 1] as const),
  ...BAD.split(' ').map((word) => [word, -1] as const),
]);
const NEGATIONS: ReadonlySet<string> = new Set([
  'not',
  'no',
  'never',
  'hardly',
  'without',
  "don't",
  "doesn't",
  "didn't",
  "isn't",
  "wasn't",
  "won't",
  "can't",
  "couldn't",
]);
/** Words before a weighted one in which a negation turns it around: "not a very good". */
const NEGATION_REACH = 3;
/** From here on a sentence is called by its side. */
const SIDE_MIN = 0.3;

export interface Sentiment {
  readonly polarity: { readonly score: number };
  readonly suggested: 'positive' | 'negative' | 'neutral';
}

export function sentimentOf(text: string): Sentiment {
  const words = text.toLowerCase().match(/[\p{L}']+/gu) ?? [];
  const hits = words.flatMap((word, index) => {
    const weight = WEIGHTS.get(word);
    if (weight === undefined) return [];
    const isNegated = words.slice(Math.max(0, index - NEGATION_REACH), index).some((before) => NEGATIONS.has(before));
    return [isNegated ? -weight : weight];
  });
  const mean = hits.length === 0 ? 0 : hits.reduce((sum, hit) => sum + hit, 0) / (hits.length + 1);
  return sentimentAt(Math.round(mean * 1_000) / 1_000);
}

export function sentimentAt(score: number): Sentiment {
  const suggested = score >= SIDE_MIN ? 'positive' : score <= -SIDE_MIN ? 'negative' : 'neutral';
  return { polarity: { score }, suggested };
}
