/** The words of MCP: versions, task states, codes and the shapes of tasks and tool results, spelled as both of its wires spell them. */
import { Type } from 'typebox';

/** With `initialize`, newest first. */
export const LEGACY_VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'] as const;
/** Where each request says by itself what it is. */
export const MODERN_VERSION = '2026-07-28';
export const VERSIONS: readonly string[] = [MODERN_VERSION, ...LEGACY_VERSIONS];
/** Of clients that know no header for it. */
export const UNSAID_VERSION = '2025-03-26';
/** The first in which a stream may begin with an event that has nothing but an id: clients before it fail on the empty data. */
export const RESUMABLE_SINCE = '2025-11-25';

export const TASK_WORDS = ['working', 'input_required', 'completed', 'failed', 'cancelled'] as const;
export type TaskWord = (typeof TASK_WORDS)[number];

export const HEADER_MISMATCH = -32_020;
export const MISSING_CAPABILITY = -32_021;
export const UNSUPPORTED_VERSION = -32_022;

export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks';
export const META = {
  version: 'io.modelcontextprotocol/protocolVersion',
  capabilities: 'io.modelcontextprotocol/clientCapabilities',
  serverInfo: 'io.modelcontextprotocol/serverInfo',
  subscription: 'io.modelcontextprotocol/subscriptionId',
  relatedTask: 'io.modelcontextprotocol/related-task',
  immediateResponse: 'io.modelcontextprotocol/model-immediate-response',
} as const;

export const TASK_SUPPORTS = ['forbidden', 'optional', 'required'] as const;
export type TaskSupport = (typeof TASK_SUPPORTS)[number];

/** What both wires say of a task, but for the names of its times. */
export interface TaskFacts {
  readonly taskId: string;
  readonly status: TaskWord;
  readonly statusMessage?: string;
  readonly createdAt: string;
  readonly lastUpdatedAt: string;
}

const TextBlock = Type.Object({ type: Type.Literal('text'), text: Type.String() });
const MediaBlock = Type.Object({
  type: Type.Union([Type.Literal('image'), Type.Literal('audio')]),
  data: Type.String(),
  mimeType: Type.String(),
});
const ResourceBlock = Type.Object({
  type: Type.Literal('resource'),
  resource: Type.Union([
    Type.Object({ uri: Type.String(), text: Type.String() }),
    Type.Object({ uri: Type.String(), blob: Type.String() }),
  ]),
});
const LinkBlock = Type.Object({ type: Type.Literal('resource_link'), uri: Type.String(), name: Type.String() });
const Block = Type.Union([TextBlock, MediaBlock, ResourceBlock, LinkBlock]);

/** A job's result that has the form of a tool's result is passed on as it is. */
export const ToolForm = Type.Object({
  content: Type.Array(Block, { minItems: 1 }),
  structuredContent: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  isError: Type.Optional(Type.Boolean()),
});

export type ToolResult = Readonly<Record<string, unknown>> & {
  readonly content: readonly object[];
  readonly structuredContent?: unknown;
  readonly isError?: boolean;
  readonly _meta?: object;
};
