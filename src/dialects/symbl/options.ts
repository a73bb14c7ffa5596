/** What a config says about this dialect: which job types process which media, and the limits of an account. */
import { Type } from 'typebox';
import { optionsParser } from '../options-parser.ts';

const DAY_MS = 86_400_000;
const MIB = 1_024 ** 2;
const GIB = 1_024 ** 3;

const Processor = Type.Object({ type: Type.String({ minLength: 1 }) }, { additionalProperties: false });

const Given = Type.Object(
  {
    text: Type.Optional(Processor),
    audio: Type.Optional(Processor),
    video: Type.Optional(Processor),
    tokenMs: Type.Optional(Type.Integer({ minimum: 60_000 })),
    concurrentJobsMax: Type.Optional(Type.Integer({ minimum: 1 })),
    uploadFolder: Type.Optional(Type.Union([Type.String({ minLength: 1 }), Type.Null()])),
    uploadBytesMax: Type.Optional(Type.Integer({ minimum: 1 })),
    uploadRetainMs: Type.Optional(Type.Integer({ minimum: 0 })),
    readBytesMax: Type.Optional(Type.Integer({ minimum: 1_024, maximum: 1_073_741_824 })),
    retainMs: Type.Optional(Type.Integer({ minimum: 0 })),
    startWaitMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 5_000 })),
  },
  { additionalProperties: false },
);

type Processors = Readonly<Partial<Record<'text' | 'audio' | 'video', { readonly type: string }>>>;

export interface SymblOptions extends Processors {
  readonly tokenMs: number;
  /** Unfinished jobs of one tenant; past it a submit is refused with 429. */
  readonly concurrentJobsMax: number;
  /** Where uploads are kept until they are processed; null for a folder beside the data. Nodes that share a database share it too. */
  readonly uploadFolder: string | null;
  readonly uploadBytesMax: number;
  /** Uploads of jobs that never succeeded are dropped after this. */
  readonly uploadRetainMs: number;
  /** Results that one reading of conversations takes in, and the answer that it makes of them; past it the reading is refused. */
  readonly readBytesMax: number;
  readonly retainMs: number;
  /** How long a submit waits for a worker to begin, since some clients take `scheduled` for an end. */
  readonly startWaitMs: number;
}

export const DEFAULT_OPTIONS: SymblOptions = {
  tokenMs: DAY_MS,
  concurrentJobsMax: 50,
  uploadFolder: null,
  uploadBytesMax: GIB,
  uploadRetainMs: 7 * DAY_MS,
  readBytesMax: 32 * MIB,
  retainMs: 30 * DAY_MS,
  startWaitMs: 250,
};

export const parseOptions = optionsParser<SymblOptions>(Given, DEFAULT_OPTIONS);
