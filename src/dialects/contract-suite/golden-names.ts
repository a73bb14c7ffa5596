/**
 * Names for what differs from run to run, so that the rest of an exchange can be compared byte for byte.
 *
 * Each distinct id, token and address is given a name at its first appearance (`{{id1}}`, `{{id2}}`, `{{token1}}`, `{{base}}`). Two runs of the
 * same exchange name things in the same order, so that equal texts mean equal bytes but for the values behind the names.
 */

export interface GoldenNames {
  /** Values replaced by names; new ones are named. */
  templated(text: string): string;
  /** Names replaced by values; throws on a name that nothing has. */
  filled(text: string): string;
}

export interface Volatile {
  readonly name: string;
  readonly pattern: RegExp;
}

const ALWAYS: readonly Volatile[] = [
  { name: 'token', pattern: /(?<![\w-])eyJ[\w-]+\.[\w-]+\.[\w-]+/g },
  { name: 'id', pattern: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g },
];

/** @param fixed names that are known beforehand, such as the base URL */
export function createGoldenNames(fixed: Readonly<Record<string, string>>, more: readonly Volatile[]): GoldenNames {
  const names = new Map(Object.entries(fixed).map(([name, value]) => [value, name]));
  const values = new Map(Object.entries(fixed));
  const counts = new Map<string, number>();

  function nameOf(kind: string, value: string): string {
    const known = names.get(value);
    if (known !== undefined) return known;
    const count = (counts.get(kind) ?? 0) + 1;
    const name = `${kind}${count}`;
    counts.set(kind, count);
    names.set(value, name);
    values.set(name, value);
    return name;
  }

  return {
    templated(text) {
      let result = text;
      for (const [name, value] of Object.entries(fixed)) result = result.replaceAll(value, `{{${name}}}`);
      for (const { name, pattern } of [...more, ...ALWAYS]) {
        result = result.replace(globally(pattern), (value) => `{{${nameOf(name, value)}}}`);
      }
      return result;
    },
    filled: (text) =>
      text.replaceAll(/\{\{(\w+)\}\}/g, (_whole, name: string) => {
        const value = values.get(name);
        if (value === undefined) throw new Error(`Nothing is named {{${name}}} yet.`);
        return value;
      }),
  };
}

function globally(pattern: RegExp): RegExp {
  return pattern.global ? pattern : new RegExp(pattern.source, `${pattern.flags}g`);
}
