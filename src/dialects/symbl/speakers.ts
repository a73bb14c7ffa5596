/**
 * Speakers: who said something, under an id that stays the same in one conversation and tells nothing in another, and what the caller
 * has said about them since (`PUT …/members/{id}`, `PUT …/speakers`).
 */
import { createHash } from 'node:crypto';
import type { Utterance } from './utterances.ts';
import type { Speaker } from './wire.ts';

/** A name for a member, from the caller. */
export interface Renaming {
  readonly name: string;
  readonly email: string | null;
}

/** From this many ms after the beginning on until the next turn, this one speaks; null: nobody that the caller knows of. */
export interface Turn {
  readonly fromMs: number;
  readonly speaker: { readonly id: string; readonly name: string; readonly email: string | null } | null;
}

export interface SpeakerNotes {
  readonly members: Readonly<Record<string, Renaming>>;
  /** By time. */
  readonly turns: readonly Turn[];
}

export const NO_NOTES: SpeakerNotes = { members: {}, turns: [] };

export interface Speakers {
  /** @param atMs since the beginning of the conversation. */
  of(utterance: Pick<Utterance, 'name' | 'userId'>, atMs: number): Speaker;
}

export function createSpeakers(conversationId: string, notes: SpeakerNotes): Speakers {
  const known = new Map<string, Speaker>();
  const remembered = (key: string, make: () => Speaker): Speaker => {
    const speaker = known.get(key) ?? renamed(make(), notes);
    known.set(key, speaker);
    return speaker;
  };
  return {
    of({ name, userId }, atMs) {
      const turn = turnAt(notes.turns, atMs);
      if (turn !== null) return remembered(`turn ${turn.id}`, () => speakerOfTurn(conversationId, turn));
      const said = name ?? userId ?? 'Unknown';
      return remembered(`${userId ?? said}\0${said}`, () => {
        const base = { id: speakerId(conversationId, userId ?? said), name: said };
        if (userId === null) return base;
        return userId.includes('@') ? { ...base, email: userId } : { ...base, userId };
      });
    },
  };
}

/** As insights and analytics say it: the address is the user id there. */
export function asUser({ id, name, email, userId }: Speaker): object {
  const user = userId ?? email;
  return user === undefined ? { id, name } : { id, name, userId: user };
}

function speakerOfTurn(conversationId: string, { id, name, email }: NonNullable<Turn['speaker']>): Speaker {
  const base = { id: UUID.test(id) ? id.toLowerCase() : speakerId(conversationId, id), name };
  return email === null ? base : { ...base, email };
}

function renamed(speaker: Speaker, { members }: SpeakerNotes): Speaker {
  const renaming = Object.hasOwn(members, speaker.id) ? members[speaker.id] : undefined;
  if (renaming === undefined) return speaker;
  const { name, email } = renaming;
  return email === null ? { ...speaker, name } : { id: speaker.id, name, email };
}

function turnAt(turns: readonly Turn[], atMs: number): Turn['speaker'] {
  let low = 0;
  let high = turns.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((turns[middle]?.fromMs ?? 0) <= atMs) low = middle + 1;
    else high = middle;
  }
  return turns[low - 1]?.speaker ?? null;
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A UUID of version 5, as some clients check the form. */
function speakerId(conversationId: string, who: string): string {
  const bytes = createHash('sha1').update(`${conversationId}/speaker/${who}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
