/** The earliest time at which a waiting job becomes due, as far as this process knows, and whether the store should be asked for it. */

export interface DueTimes {
  /** A job becomes due at this time; true when that is earlier than all that was known. */
  expect(at: number): boolean;
  /** True once when the known time has come. What comes after it has to be asked for. */
  hasCome(now: number): boolean;
  /** Null when none is known. */
  readonly nextAt: number | null;
  readonly isAskDue: boolean;
  /** What is known may be out of date. */
  doubt(): void;
  /** What the store said. */
  answer(nextAt: number | null): void;
}

export function createDueTimes(): DueTimes {
  let nextAt: number | null = null;
  let isAskDue = true;

  const expect = (at: number): boolean => {
    if (nextAt !== null && nextAt <= at) return false;
    nextAt = at;
    return true;
  };

  return {
    expect,
    hasCome(now) {
      if (nextAt === null || nextAt > now) return false;
      nextAt = null;
      isAskDue = true;
      return true;
    },
    get nextAt() {
      return nextAt;
    },
    get isAskDue() {
      return isAskDue;
    },
    doubt() {
      isAskDue = true;
    },
    answer(at) {
      isAskDue = false;
      if (at !== null) expect(at);
    },
  };
}
