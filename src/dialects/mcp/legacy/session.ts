/**
 * What a client of 2025 said when it began, for all that it asks afterwards: its session id holds it, sealed for its tenant. So any node serves
 * any request, and there is nothing to keep, to replicate or to lose.
 */
import { randomInt } from 'node:crypto';
import type { Authenticator, Principal } from '../../../http/dialect.ts';
import { isMembers } from '../rpc.ts';

export interface Session {
  readonly canElicit: boolean;
}

/** What a client is taken for that has no session. */
export const NO_SESSION: Session = { canElicit: false };

/** Beside the one bit that says something: so that no two ids are the same. */
const NUMBERS = 2 ** 47;

export function sessionOf(capabilities: unknown): Session {
  return { canElicit: canElicit(capabilities) };
}

/** Whether a client shows forms: `elicitation` alone means that. */
export function canElicit(capabilities: unknown): boolean {
  const elicitation = isMembers(capabilities) ? capabilities.elicitation : undefined;
  return isMembers(elicitation) && (elicitation.form !== undefined || elicitation.url === undefined);
}

export function sessionId({ numbers }: Authenticator, { tenant }: Principal, { canElicit }: Session): Promise<string> {
  return numbers.seal(tenant, randomInt(NUMBERS) * 2 + Number(canElicit));
}

/** Null for an id that was never given to this tenant. */
export async function openSession(
  { numbers }: Authenticator,
  { tenant }: Principal,
  id: string,
): Promise<Session | null> {
  const number = await numbers.open(tenant, id);
  return number === null ? null : { canElicit: number % 2 === 1 };
}
