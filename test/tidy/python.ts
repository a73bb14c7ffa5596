/** The rules of the house for the files in Python: what can be seen without reading the language. */
import { OLD_WORDS } from './rules.ts';

const LINES_MAX = 400;
const COLUMNS_MAX = 120;
const GENERATED = /\/bide\/(?:models\.py|_sync\/)/;
const BANNED_NAME = /(?:^|_)(?:utils?|helpers?|manager|common|misc|lib|types)\.py$/;

/** What a line may not hold, and why. */
const LINES: readonly (readonly [RegExp, string])[] = [
  [OLD_WORDS, 'is written in older words'],
  [/\b(?:FIXM[E]|XX[X]|HAC[K]|TOD[O])\b/, 'leaves something for another day'],
  [/# type: ignore(?!\[)/, 'silences the type checker: name what it says, in brackets'],
  [/\b(?:time|asyncio)\.sleep\((?!0\))/, 'sleeps: wait for what is to happen'],
  [/@unittest\.skip|\.skipTest\(/, 'skips a test'],
  [/\bexcept:|\bprint\([^)]*\bdebug/, 'catches everything, or was left from debugging'],
];
/** Pauses of a worker, which end with its task. */
const MAY_SLEEP = /\/_worker\/(?:attempt|calls|loop)\.py$|\/tests\/test_worker\.py$/;

/** One sentence per place that breaks a rule. */
export function pythonComplaints(path: string, text: string): readonly string[] {
  const isGenerated = GENERATED.test(path);
  const lines = text.split('\n');
  const found = lines.flatMap((line, index) =>
    LINES.filter(([pattern, why]) => pattern.test(line) && !(why.startsWith('sleeps') && MAY_SLEEP.test(path)))
      .map(([, why]) => `${path}:${index + 1} ${why}`)
      .concat(line.length > COLUMNS_MAX && !isGenerated ? [`${path}:${index + 1} is wider than ${COLUMNS_MAX}`] : []),
  );
  if (!/^(?:# Made from .*\n)?"""\S/.test(text)) found.push(`${path} does not say at its head what it is`);
  if (lines.length > LINES_MAX && !isGenerated) found.push(`${path} has more than ${LINES_MAX} lines`);
  if (BANNED_NAME.test(path.slice(path.lastIndexOf('/') + 1))) found.push(`${path} has a name that says nothing`);
  return found;
}
