/**
 * The wires of two standards for work that takes long: the operations of Google (AIP-151) and the polling of Azure's guidelines.
 *
 * Google's `Any` carries its type: a result is a `google.protobuf.Value` and metadata a `google.protobuf.Struct`, which hold any JSON and
 * which every client can be given, unless the options name messages of the client's own.
 */
import { type Static, Type } from 'typebox';

/** Azure's words for the state of an operation. Google has none: an operation is done or not, with a response or an error. */
export const STATUS_WORDS = ['NotStarted', 'Running', 'Succeeded', 'Failed', 'Canceled'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

export const VALUE_TYPE = 'type.googleapis.com/google.protobuf.Value';
export const STRUCT_TYPE = 'type.googleapis.com/google.protobuf.Struct';
export const BODY_TYPE = 'type.googleapis.com/google.api.HttpBody';

/** `google.rpc.Code`, those that are said here. */
export const RPC_CODES = {
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;
export type RpcCode = keyof typeof RPC_CODES;

const closed = { additionalProperties: false };
const AnyMessage = Type.Unsafe<{ readonly '@type': string; readonly [field: string]: unknown }>(
  Type.Object({ '@type': Type.String() }, { additionalProperties: true }),
);

export const Operation = Type.Object(
  {
    name: Type.String({ pattern: '^operations/' }),
    metadata: AnyMessage,
    done: Type.Boolean(),
    error: Type.Optional(Type.Object({ code: Type.Integer({ minimum: 1 }), message: Type.String() }, closed)),
    response: Type.Optional(AnyMessage),
  },
  closed,
);
export type Operation = Static<typeof Operation>;

export const OperationList = Type.Object({ operations: Type.Array(Operation), nextPageToken: Type.String() }, closed);

export const Empty = Type.Object({}, closed);

export const GoogleError = Type.Object(
  {
    error: Type.Object(
      {
        code: Type.Integer({ minimum: 400 }),
        message: Type.String({ minLength: 1 }),
        status: Type.Enum(Object.keys(RPC_CODES)),
        details: Type.Optional(Type.Array(AnyMessage)),
      },
      closed,
    ),
  },
  closed,
);

const AzureErrorPart = Type.Object(
  {
    code: Type.String({ minLength: 1 }),
    message: Type.String({ minLength: 1 }),
    details: Type.Optional(Type.Unknown()),
  },
  closed,
);

/** The status monitor of Azure's guidelines. */
export const StatusMonitor = Type.Object(
  {
    id: Type.String(),
    status: Type.Enum([...STATUS_WORDS]),
    kind: Type.String(),
    createdDateTime: Type.String(),
    lastUpdatedDateTime: Type.String(),
    percentComplete: Type.Number(),
    result: Type.Optional(Type.Unknown()),
    error: Type.Optional(AzureErrorPart),
  },
  closed,
);
export type StatusMonitor = Static<typeof StatusMonitor>;

/** What a PUT makes, read at the URL of the PUT. */
export const Resource = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    type: Type.String(),
    properties: Type.Object(
      { provisioningState: Type.Enum([...STATUS_WORDS]), output: Type.Optional(Type.Unknown()) },
      closed,
    ),
    error: Type.Optional(AzureErrorPart),
  },
  closed,
);
export type Resource = Static<typeof Resource>;

export const AzureError = Type.Object({ error: AzureErrorPart }, closed);

/** How Azure's clients are told where to poll, as `poll` of a start names it. */
export const POLL_HEADERS = ['operation-location', 'azure-asyncoperation', 'location'] as const;
export type PollHeader = (typeof POLL_HEADERS)[number];
