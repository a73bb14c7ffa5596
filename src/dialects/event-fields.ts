/** Server-sent events as the HTML standard writes them, whatever they tell. Pure. */

/** Says nothing, and thereby that the connection lives: to the client, and to proxies that cut what is quiet. */
export const KEEP_ALIVE = ': keep-alive\n\n';

/** Before an end that is not the end of the job. */
export const TO_BE_RESUMED = ': over for now, resume with Last-Event-ID\n\n';

/** How long a client stays away before it connects again, in ms. */
export function retryText(ms: number): string {
  return `retry: ${ms}\n\n`;
}

/** A text as the lines of a `data` field, which a client joins by line feeds. */
export function onFields(body: string): string {
  // Most bodies are one line: looking is cheaper than replacing.
  return body.includes('\n') || body.includes('\r') ? body.replaceAll(/\r\n|\r|\n/g, '\ndata: ') : body;
}
