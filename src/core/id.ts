/** Job ids: UUIDs in lower case. Making one needs a source of randomness and is left to the engine; here they are recognised. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** The id as it is stored, or null when `text` is not a UUID. Upper case is taken: some clients print ids that way. */
export function jobIdOf(text: string): string | null {
  if (text.length !== 36) return null;
  if (UUID.test(text)) return text;
  const id = text.toLowerCase();
  return UUID.test(id) ? id : null;
}
