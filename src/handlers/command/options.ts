/** What a config says of a `command` type. Nothing of it ever comes from a caller: the input goes to stdin only. */
export interface CommandOptions {
  /** A name found in PATH, an absolute path, or a path relative to the config file when it begins with a dot. */
  readonly program: string;
  /** Handed over as they are; there is no shell and nothing is filled in. */
  readonly args?: readonly string[];
  /** Working directory; the config file's folder when left out. */
  readonly cwd?: string;
  /** Added to PATH, HOME, LANG, LC_ALL, TZ and TMPDIR: the server's other variables, and its secrets, stay with it. */
  readonly env?: Readonly<Record<string, string>>;
  /** What stdout is: one JSON value (the default), or the bytes of the result. */
  readonly output?: 'json' | 'bytes';
  /** Of `bytes` output; application/octet-stream when left out. */
  readonly contentType?: string;
  /** Exit codes after which no further attempt is made. */
  readonly permanentExitCodes?: readonly number[];
}
