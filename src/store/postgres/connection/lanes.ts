/**
 * The few connections of one process, and which statement goes where.
 *
 * Short statements share a handful of lanes, the least loaded first; each lane pipelines, so a handful is enough to keep as
 * many backends busy. Statements that may take long (lists, counts, sweeps) have a lane of their own: answers of one
 * connection come in order, and a status read must not queue behind a scan.
 *
 * Lanes open one by one, when all the open ones are busy. A database without a free connection left is lived with: work goes
 * on over the lanes there are, whatever they are for. Sweeps over a short lane make callers wait now and then; without them
 * leases and deadlines would stand still for as long as the short lanes hold every connection there is. A new lane is never
 * waited for while another one of its kind is open.
 */
import { BideError } from '../../../core/errors.ts';
import type { ConnectionOptions } from './connection.ts';
import { ConnectionLost } from './driver-errors.ts';
import { Lane, type Query, type Rows } from './lane.ts';

export type Speed = 'short' | 'long';

export interface Lanes {
  run(speed: Speed, queries: readonly Query[]): Promise<readonly Rows[]>;
  close(): Promise<void>;
}

/** Statements that wait on one lane before callers are told to come back: far above what batching callers ever reach. */
const PENDING_MAX = 1_000;

export function openLanes(count: number, options: ConnectionOptions): Lanes {
  const short = Array.from({ length: count }, () => new Lane(options));
  const long = [new Lane({ ...options, applicationName: `${options.applicationName} scan`, isForLists: true })];
  return {
    async run(speed, queries) {
      const [own, others] = speed === 'short' ? [short, long] : [long, short];
      try {
        return await runOn(pick(own), queries);
      } catch (error) {
        const borrowed = leastLoaded(others.filter((lane) => lane.isOpen));
        const wasSent = !(error instanceof ConnectionLost) || error.wasSent;
        if (wasSent || borrowed === undefined) throw error;
        return runOn(borrowed, queries);
      }
    },
    async close() {
      await Promise.all([...short, ...long].map((lane) => lane.close()));
    },
  };
}

async function runOn(lane: Lane, queries: readonly Query[]): Promise<readonly Rows[]> {
  if (lane.pending >= PENDING_MAX) throw new BideError('OVERLOADED');
  return lane.run(queries);
}

function pick(lanes: readonly Lane[]): Lane {
  const open = leastLoaded(lanes.filter((lane) => lane.isOpen));
  const other = lanes.find((lane) => !lane.isOpen && lane.canConnect);
  if (open === undefined) return other ?? (lanes[0] as Lane);
  if (open.pending > 0) other?.warm();
  return open;
}

function leastLoaded(lanes: readonly Lane[]): Lane | undefined {
  let best = lanes[0];
  for (const lane of lanes) if (best !== undefined && lane.pending < best.pending) best = lane;
  return best;
}
