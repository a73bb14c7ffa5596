/** Statements by name over the lanes: what every operation of the store is written in. */

import type { LimitRef } from '../../contract.ts';
import type { StatementName, Statements } from '../statements/statements.ts';
import type { Rows } from './lane.ts';
import type { Lanes, Speed } from './lanes.ts';

export interface Step {
  readonly name: StatementName;
  readonly values: readonly unknown[];
}

export interface Session {
  run(name: StatementName, values: readonly unknown[], speed?: Speed): Promise<Rows>;
  /** All of them in one transaction, in order. */
  runAll(steps: readonly Step[]): Promise<readonly Rows[]>;
  /** A text made for this one call: not prepared, and on the lane for long statements. */
  runText(text: string, values: readonly unknown[]): Promise<Rows>;
  /** Keys with a limit whose jobs no longer wait for others of their sequence: settled by whoever comes next. */
  readonly freedLimits: LimitRef[];
}

export function sessionOf(lanes: Lanes, statements: Statements): Session {
  const queryOf = ({ name, values }: Step) => ({ name: `bide_${name}`, text: statements[name], values });
  return {
    freedLimits: [],
    async run(name, values, speed = 'short') {
      const [rows] = await lanes.run(speed, [queryOf({ name, values })]);
      return rows ?? [];
    },
    runAll: (steps) => lanes.run('short', steps.map(queryOf)),
    async runText(text, values) {
      const [rows] = await lanes.run('long', [{ name: '', text, values }]);
      return rows ?? [];
    },
  };
}

/** Cuts a batch so that no part is heavier than `weightMax`, single items that are heavier excepted. */
export function partsOf<T>(items: readonly T[], weightOf: (item: T) => number, weightMax: number): readonly T[][] {
  const parts: T[][] = [];
  let part: T[] = [];
  let weight = 0;
  for (const item of items) {
    const itemWeight = weightOf(item);
    if (part.length > 0 && weight + itemWeight > weightMax) {
      parts.push(part);
      part = [];
      weight = 0;
    }
    part.push(item);
    weight += itemWeight;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
