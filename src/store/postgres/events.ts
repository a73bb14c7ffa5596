/** Events by their position: read by anybody, and fanned out by one node at a time. How they get their positions stands in `event-statements.ts`. */
import type {
  EventKind,
  EventPage,
  EventPrune,
  EventReadRequest,
  FanOutPage,
  FanOutWrite,
  JobEvent,
} from '../contract.ts';
import { eventJobReader } from '../event-row.ts';
import type { Row } from './connection/lane.ts';
import { repeated } from './connection/repeat.ts';
import { partsOf, type Session, type Step } from './connection/session.ts';
import { newDeliveryValues } from './deliveries.ts';
import { STORED } from './rows.ts';
import { storedText } from './wire-text.ts';

/** Arrivals that one transaction gives positions to: some 50 ms. */
const PLACED_MAX = 5_000;
/** Characters of bodies that one statement carries. */
const BODY_CHARS_MAX = 32 * 1_024 * 1_024;

/** In one transaction. */
export const PLACE_STEPS: readonly Step[] = [
  { name: 'eventLock', values: [] },
  { name: 'eventPlace', values: [PLACED_MAX] },
];

const jobOf = eventJobReader(STORED);

interface Reading {
  readonly newest: number;
  readonly fannedOut: number;
  readonly prunedTo: number;
  readonly events: readonly JobEvent[];
}

export async function readEvents(session: Session, { tenant, after, limit }: EventReadRequest): Promise<EventPage> {
  const values = [after, Math.max(0, limit)];
  const step: Step =
    tenant === null
      ? { name: 'eventRead', values }
      : { name: 'eventReadOfTenant', values: [...values, storedText(tenant)] };
  const { events, newest, prunedTo } = await readPlaced(session, step, limit);
  return { events, newest, prunedTo };
}

export async function readFanOut(session: Session, { limit }: { readonly limit: number }): Promise<FanOutPage> {
  const step: Step = { name: 'fanOutRead', values: [Math.max(0, limit)] };
  const { events, fannedOut } = await readPlaced(session, step, limit);
  return { from: fannedOut, events };
}

/** Reads again where there were arrivals and the page is not full: those that were there at the call are in order then. */
async function readPlaced(session: Session, { name, values }: Step, limit: number): Promise<Reading> {
  const rows = await repeated(() => session.run(name, values));
  const reading = readingOf(rows);
  const hasArrivals = rows[0]?.[3] === true;
  if (!hasArrivals || (limit > 0 && reading.events.length >= limit)) return reading;
  await placeArrivals(session);
  return readingOf(await repeated(() => session.run(name, values)));
}

export async function placeArrivals(session: Session): Promise<void> {
  let placed = PLACED_MAX;
  while (placed === PLACED_MAX) {
    const [, moved] = await repeated(() => session.runAll(PLACE_STEPS));
    placed = (moved?.[0]?.[0] as number | undefined) ?? 0;
  }
}

function readingOf(rows: readonly Row[]): Reading {
  const [newest, fannedOut, prunedTo] = rows[0] as readonly number[] as [number, number, number];
  const events = rows.filter((row) => row[4] !== null).map((row) => eventOf(row.slice(4)));
  return { newest, fannedOut, prunedTo, events };
}

export function eventOf([position, kind, at, job]: Row): JobEvent {
  return { position: position as number, kind: kind as EventKind, at: at as number, job: jobOf(job as string) };
}

export async function pruneEvents(session: Session, { now, before, keepMax, limit }: EventPrune): Promise<number> {
  const values = [before, Math.max(0, limit), keepMax ?? Number.MAX_SAFE_INTEGER, now];
  const [row] = await repeated(() => session.run('eventPrune', values));
  return (row?.[0] as number | undefined) ?? 0;
}

/**
 * The mark is moved from where it was seen, or nothing is written: two nodes that fan the same events out write them once. Repeated after a lost answer,
 * it finds the mark where the first try (or another node, from the same events) has moved it.
 */
export async function writeFanOut(session: Session, { from, to, deliveries }: FanOutWrite): Promise<boolean> {
  const adds = partsOf(deliveries, ({ body }) => body.length, BODY_CHARS_MAX).map(
    (part): Step => ({ name: 'fanOutAdd', values: newDeliveryValues(part) }),
  );
  return repeated(async (isRepeat) => {
    const [moved] = await session.runAll([{ name: 'fanOutMove', values: [to, from] }, ...adds]);
    if (moved?.length === 1 || !isRepeat) return moved?.length === 1;
    return readingOf(await session.run('fanOutRead', [0])).fannedOut === to;
  });
}
