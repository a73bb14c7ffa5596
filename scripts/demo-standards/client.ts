/** What a client of some standard shows here: a job of any type, started, waited for and read in that client's own way. */
import type { Json } from '../../src/core/job.ts';

export interface Place {
  readonly url: string;
  readonly key: string;
}

export interface OpenClient {
  /** The result of the work, by nothing but what the client's own interface has. */
  run(type: string, input: Json): Promise<Json>;
  close?(): Promise<void>;
}

export interface StandardClient {
  /** As it is asked for on the command line. */
  readonly name: string;
  /** The package and what it speaks. */
  readonly title: string;
  open(place: Place): Promise<OpenClient>;
}
