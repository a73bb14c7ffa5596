/**
 * Who talked how much, when nobody did, and when several did at once: from the times of the messages alone.
 *
 * The vendor's own example gives the rules: talk time is the sum over members, silence the rest of the span, the two make a hundred per
 * cent; overlap is a share of talk time, and that of two members a share of the talk time of both.
 */
import type { Budget } from './budget.ts';
import { wordCount } from './phrase-finder.ts';
import { asUser } from './speakers.ts';
import type { Message, Speaker } from './wire.ts';

interface Stretch {
  readonly member: string;
  readonly from: number;
  to: number;
}

interface Talker {
  readonly speaker: Speaker;
  ms: number;
  words: number;
  /** ms by the id of the other. */
  readonly overlaps: Map<string, number>;
}

/** About what one pair of members takes in the answer. */
const PAIR_BYTES = 150;

export function analyticsOf(messages: readonly Message[], budget: Budget): object {
  const talkers = talkersOf(messages);
  const stretches = stretchesOf(messages);
  const overlapMs = addOverlaps(stretches, talkers, budget);
  const talkMs = [...talkers.values()].reduce((sum, { ms }) => sum + ms, 0);
  const silenceMs = silenceOf(stretches);
  const allMs = talkMs + silenceMs;
  return {
    metrics: [
      { type: 'total_silence', percent: percentOf(silenceMs, allMs), seconds: secondsOf(silenceMs) },
      { type: 'total_talk_time', percent: percentOf(talkMs, allMs), seconds: secondsOf(talkMs) },
      { type: 'total_overlap', percent: percentOf(overlapMs, talkMs), seconds: secondsOf(overlapMs) },
    ],
    members: [...talkers.values()].map((talker) => memberOf(talker, talkMs, talkers)),
  };
}

function memberOf({ speaker, ms, words, overlaps }: Talker, talkMs: number, talkers: ReadonlyMap<string, Talker>) {
  const overlappingMembers = [...overlaps].flatMap(([id, sharedMs]) => {
    const other = talkers.get(id);
    if (other === undefined) return [];
    return [{ ...asUser(other.speaker), percent: percentOf(sharedMs, ms + other.ms), seconds: secondsOf(sharedMs) }];
  });
  const overlapMs = [...overlaps.values()].reduce((sum, one) => sum + one, 0);
  return {
    ...asUser(speaker),
    pace: { wpm: ms === 0 ? 0 : Math.round(words / (ms / 60_000)) },
    talkTime: { percentage: percentOf(ms, talkMs), seconds: secondsOf(ms) },
    listenTime: { percentage: percentOf(talkMs - ms, talkMs), seconds: secondsOf(talkMs - ms) },
    overlap: { overlapDuration: secondsOf(overlapMs), overlappingMembers },
  };
}

function talkersOf(messages: readonly Message[]): ReadonlyMap<string, Talker> {
  const talkers = new Map<string, Talker>();
  for (const message of messages) {
    const { from: speaker, text } = message;
    const talker = talkers.get(speaker.id) ?? { speaker, ms: 0, words: 0, overlaps: new Map() };
    talker.ms += Date.parse(message.endTime) - Date.parse(message.startTime);
    talker.words += wordCount(text);
    talkers.set(speaker.id, talker);
  }
  return talkers;
}

/** By their beginning; sentences of one member that follow each other are one. */
function stretchesOf(messages: readonly Message[]): readonly Stretch[] {
  const sorted = messages
    .map(({ from, startTime, endTime }) => ({
      member: from.id,
      from: Date.parse(startTime),
      to: Date.parse(endTime),
    }))
    .sort((a, b) => a.from - b.from);
  const last = new Map<string, Stretch>();
  const stretches: Stretch[] = [];
  for (const stretch of sorted) {
    const before = last.get(stretch.member);
    if (before !== undefined && stretch.from <= before.to) before.to = Math.max(before.to, stretch.to);
    else {
      last.set(stretch.member, stretch);
      stretches.push(stretch);
    }
  }
  return stretches;
}

/** Adds to each talker what they said while another spoke; answers the sum over all pairs. */
function addOverlaps(stretches: readonly Stretch[], talkers: ReadonlyMap<string, Talker>, budget: Budget): number {
  let totalMs = 0;
  let active: Stretch[] = [];
  for (const stretch of stretches) {
    active = active.filter(({ to }) => to > stretch.from);
    budget.spend(active.length * PAIR_BYTES);
    for (const other of active) {
      const sharedMs = Math.min(stretch.to, other.to) - stretch.from;
      if (other.member === stretch.member || sharedMs <= 0) continue;
      totalMs += sharedMs;
      addShare(talkers, stretch.member, other.member, sharedMs);
      addShare(talkers, other.member, stretch.member, sharedMs);
    }
    active.push(stretch);
  }
  return totalMs;
}

function addShare(talkers: ReadonlyMap<string, Talker>, member: string, other: string, ms: number): void {
  const overlaps = talkers.get(member)?.overlaps;
  overlaps?.set(other, (overlaps.get(other) ?? 0) + ms);
}

function silenceOf(stretches: readonly Stretch[]): number {
  let silenceMs = 0;
  let heardUntil = stretches[0]?.from ?? 0;
  for (const { from, to } of stretches) {
    silenceMs += Math.max(0, from - heardUntil);
    heardUntil = Math.max(heardUntil, to);
  }
  return silenceMs;
}

function percentOf(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 100_000) / 1_000;
}

function secondsOf(ms: number): number {
  return Math.round(ms) / 1_000;
}
