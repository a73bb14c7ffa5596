/** Raw JSON values, which Node has since 21 and the types of TypeScript 7.0 have not. */
export const rawJson = JSON as unknown as {
  /** `JSON.stringify` writes the text as it is; it must be a scalar. */
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): value is { readonly rawJSON: string };
};

/** The text of a number that a double cannot hold, as `parseForPassingOn` keeps it; null for every other value. */
export function literalOf(value: unknown): string | null {
  return rawJson.isRawJSON(value) ? value.rawJSON : null;
}
