/** What a config says of an `http` type: one upstream, fixed by the config. A caller decides the input and nothing else. */
export interface HttpOptions {
  /** http or https, without user and password. `{name}` in the path stands for that field of the input, as one path segment. */
  readonly url: string;
  /** POST when left out. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly headers?: Readonly<Record<string, string>>;
  /**
   * Where the input goes: the body as JSON (the default for POST, PUT and PATCH), the query (for the others), or nowhere. Fields
   * taken by the path are left out of a query.
   */
  readonly send?: 'body' | 'query' | 'nothing';
  /** Lets the upstream be in a private network, at every redirect too. */
  readonly allowPrivateAddresses?: boolean;
  /**
   * Fields that an answer must have, as a JSON object. One without is a failed attempt that is tried again: an upstream whose proxy says an
   * error page with 200 brings no result. Any answer is the result when left out.
   */
  readonly answerFields?: readonly string[];
  /** Redirects that are followed, 0 to 20; 5 when left out. */
  readonly redirectsMax?: number;
}
