/** Content types, as headers and stored results name them. The one question whether something claims to be JSON is asked here. */

/** Lower case, without parameters; empty where none is named. */
export function mediaTypeOf(contentType: string | undefined): string {
  return (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** `application/json`, and whatever says of itself that it is written in it (`text/json`, `application/problem+json`). */
export function isJsonType(contentType: string | undefined): boolean {
  const mediaType = mediaTypeOf(contentType);
  return mediaType.endsWith('/json') || mediaType.endsWith('+json');
}
