/**
 * Which tenant is thought to wait alone for a type: the guess that makes nearly every claim a cheap one.
 *
 * A wrong guess costs one statement more and nothing else: it takes nothing where others wait. After each wrong one the same tenant has to be
 * served alone twice as often before it is guessed again, so that tenants who come and go in turns do not double the claims.
 */
export interface AloneTenants {
  /** The guess; null: a claim goes round the tenants. Nobody has the empty name: that nobody waits is a guess, too. */
  of(type: string): string | null;
  /** A claim brought jobs of these tenants. */
  served(type: string, tenants: ReadonlySet<string>): void;
  /** Others waited beside the guessed one, or in its place. */
  failed(type: string): void;
}

/** Claims that go round, at most, until the next guess. */
const NEED_MAX = 64;

interface Guess {
  readonly tenant: string;
  /** How often in a row it was served alone. */
  readonly served: number;
  /** How often it has to be, before it is guessed. */
  readonly need: number;
}

const NOBODY: Guess = Object.freeze({ tenant: '', served: 0, need: 0 });

export function aloneTenants(): AloneTenants {
  const guesses = new Map<string, Guess>();
  const guessOf = (type: string) => guesses.get(type) ?? NOBODY;
  return {
    of(type) {
      const { tenant, served, need } = guessOf(type);
      return served >= need ? tenant : null;
    },
    served(type, tenants) {
      if (tenants.size === 0) return;
      const [tenant = ''] = tenants;
      const before = guessOf(type);
      const isAgain = tenants.size === 1 && tenant === before.tenant;
      // A guess that was right is forgiven the wrong ones before.
      const need = isAgain && before.served >= before.need ? 1 : before.need;
      guesses.set(type, { tenant, served: tenants.size > 1 ? 0 : isAgain ? before.served + 1 : 1, need });
    },
    failed(type) {
      const { tenant, need } = guessOf(type);
      guesses.set(type, { tenant, served: 0, need: Math.min(NEED_MAX, Math.max(1, need * 2)) });
    },
  };
}
