/** The wire of A2A 1.0: what `a2a.proto` says, in the JSON of protobuf. */
import { type Static, Type } from 'typebox';

/** Every state that the protocol has, but for the unspecified one. */
export const TASK_STATES = [
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export const VERSION = '1.0';
/** `0.3` of clients that name none. */
export type Version = '1.0' | '0.3';
export const VERSION_HEADER = 'a2a-version';
export const CARD_PATH = '/.well-known/agent-card.json';

export const PARTS_MAX = 100;
export const PAGE_SIZE = 50;
export const PAGE_SIZE_MAX = 100;
/** Of a message's id: it is the greater part of an idempotency key. */
export const MESSAGE_ID_LENGTH_MAX = 200;
/** Of ids and credentials that are only kept. */
const TEXT_LENGTH_MAX = 4_000;

/** Unset, as protobuf's JSON has it. */
const Unset = Type.Union([Type.Null(), Type.Literal('')]);
const Text = Type.String({ minLength: 1, maxLength: TEXT_LENGTH_MAX });
const MaybeText = Type.Optional(Type.Union([Text, Unset]));
const Fields = Type.Optional(Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]));
/** What may stand in a header. */
const HeaderText = Type.String({
  minLength: 1,
  maxLength: TEXT_LENGTH_MAX,
  pattern: '^[\\x20-\\x7e]+$',
  examples: ['text of printable ASCII characters'],
});
const MaybeHeaderText = Type.Optional(Type.Union([HeaderText, Unset]));

export const PartIn = Type.Object({
  text: Type.Optional(Type.String()),
  raw: Type.Optional(Type.String()),
  url: Type.Optional(Type.String()),
  data: Type.Optional(Type.Unknown()),
  mediaType: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  filename: Type.Optional(Type.Union([Type.String(), Type.Null()])),
});
export type PartIn = Static<typeof PartIn>;

const MessageIn = Type.Object({
  messageId: Type.String({ minLength: 1, maxLength: MESSAGE_ID_LENGTH_MAX }),
  role: Type.Optional(Type.Unknown()),
  parts: Type.Array(PartIn, { minItems: 1, maxItems: PARTS_MAX }),
  contextId: MaybeText,
  taskId: MaybeText,
  metadata: Fields,
});

const AuthenticationIn = Type.Object({ scheme: HeaderText, credentials: MaybeHeaderText });

/** A push notification config as a client sends it. */
export const PushConfigIn = Type.Object({
  id: MaybeText,
  taskId: MaybeText,
  url: Text,
  token: MaybeHeaderText,
  authentication: Type.Optional(Type.Union([AuthenticationIn, Type.Null()])),
});
export type PushConfigIn = Static<typeof PushConfigIn>;

/** Which config of which task. */
export const PushConfigRef = Type.Object({ taskId: Text, id: MaybeText });
export type PushConfigRef = Static<typeof PushConfigRef>;

export const SendMessageRequest = Type.Object({
  message: MessageIn,
  configuration: Type.Optional(
    Type.Union([
      Type.Object({
        taskPushNotificationConfig: Type.Optional(Type.Union([PushConfigIn, Type.Null()])),
        returnImmediately: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
        historyLength: Type.Optional(Type.Union([Type.Integer({ minimum: 0 }), Type.Null()])),
      }),
      Type.Null(),
    ]),
  ),
  metadata: Fields,
});
export type SendMessageRequest = Static<typeof SendMessageRequest>;

/** What leads to one task. */
export const TaskRequest = Type.Object({ id: Text });

// --- Answers --------------------------------------------------------------------------------------------------------------

const closed = { additionalProperties: false };
const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$' });

const Part = Type.Object(
  {
    text: Type.Optional(Type.String()),
    raw: Type.Optional(Type.String()),
    data: Type.Optional(Type.Unknown()),
    mediaType: Type.String(),
  },
  closed,
);

const Message = Type.Object(
  {
    messageId: Type.String(),
    contextId: Type.String(),
    taskId: Type.String(),
    role: Type.Literal('ROLE_AGENT'),
    parts: Type.Array(Part, { minItems: 1 }),
  },
  closed,
);

const Status = Type.Object(
  { state: Type.Enum([...TASK_STATES]), message: Type.Optional(Message), timestamp: Time },
  closed,
);

const Artifact = Type.Object(
  { artifactId: Type.String(), name: Type.String(), parts: Type.Array(Part, { minItems: 1 }) },
  closed,
);

const Metadata = Type.Object(
  { skill: Type.String(), attempt: Type.Integer(), progressPercent: Type.Optional(Type.Number()) },
  closed,
);

export const Task = Type.Object(
  {
    id: Type.String(),
    contextId: Type.String(),
    status: Status,
    artifacts: Type.Optional(Type.Array(Artifact)),
    metadata: Metadata,
  },
  closed,
);
export type Task = Static<typeof Task>;

export const SendMessageResponse = Type.Object({ task: Task }, closed);

export const ListTasksResponse = Type.Object(
  {
    tasks: Type.Array(Task),
    nextPageToken: Type.String(),
    pageSize: Type.Integer({ minimum: 0 }),
    totalSize: Type.Integer({ minimum: 0 }),
  },
  closed,
);

export const PushConfig = Type.Object(
  {
    id: Type.String(),
    taskId: Type.String(),
    url: Type.String(),
    token: Type.Optional(Type.String()),
    authentication: Type.Optional(
      Type.Object({ scheme: Type.String(), credentials: Type.Optional(Type.String()) }, closed),
    ),
  },
  closed,
);
export const PushConfigList = Type.Object({ configs: Type.Array(PushConfig), nextPageToken: Type.String() }, closed);

const Detail = Type.Object(
  {
    '@type': Type.Literal('type.googleapis.com/google.rpc.ErrorInfo'),
    reason: Type.String(),
    domain: Type.String(),
    metadata: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  closed,
);

export const HttpError = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.Integer({ minimum: 400 }),
        status: Type.String({ pattern: '^[A-Z_]+$' }),
        message: Type.String({ minLength: 1 }),
        details: Type.Array(Detail, { minItems: 1 }),
      },
      closed,
    ),
  },
  closed,
);

export const RpcError = Type.Object(
  {
    jsonrpc: Type.Literal('2.0'),
    id: Type.Union([Type.String(), Type.Number(), Type.Null()]),
    error: Type.Object(
      { code: Type.Integer({ maximum: -32_000 }), message: Type.String({ minLength: 1 }), data: Type.Array(Detail) },
      closed,
    ),
  },
  closed,
);
