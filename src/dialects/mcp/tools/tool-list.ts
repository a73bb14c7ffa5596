/** Which tools there are: a job type with a description is one, under its own name; and three that follow jobs, for clients that know no tasks. */
import type { Json } from '../../../core/job.ts';
import type { Engine, TypeFacts } from '../../../engine/api.ts';
import { type ParamHeader, paramHeadersOf } from '../modern/param-headers.ts';
import type { McpOptions, ToolSettings } from '../options.ts';
import { isMembers } from '../rpc.ts';
import type { TaskSupport } from '../wire.ts';
import { OWN_TOOLS } from './own-tools.ts';

export interface Tool {
  readonly type: string;
  readonly description: string;
  readonly title: string | undefined;
  readonly inputSchema: object;
  /** The type's input is no object: it is the argument `input`. */
  readonly isWrapped: boolean;
  readonly taskSupport: TaskSupport;
  readonly annotations: object | undefined;
  /** Arguments that headers repeat. */
  readonly paramHeaders: readonly ParamHeader[];
}

export interface Tools {
  /** Null for a type that there is not, or that is no tool. */
  ofType(name: string): Tool | null;
  readonly all: readonly Tool[];
  /** Of any type, tools or not: jobs that came another way are followed here too. */
  settingsOf(type: string): ToolSettings;
}

const NO_SETTINGS: ToolSettings = Object.freeze({});
/** A call that usually ends within it needs no task: its client waits anyway. */
const SHORT_MS = 5_000;

export function createTools(engine: Pick<Engine, 'types'>, { tools: settings }: McpOptions): Tools {
  const settingsOf = (type: string) => (Object.hasOwn(settings, type) ? settings[type] : undefined) ?? NO_SETTINGS;
  const own = new Set<string>(OWN_TOOLS.map(({ name }) => name));
  const all = engine.types().flatMap((type) => {
    const tool = own.has(type.name) ? null : toolOf(type, settingsOf(type.name));
    return tool === null ? [] : [tool];
  });
  const byType = new Map(all.map((tool) => [tool.type, tool]));
  return { all, settingsOf, ofType: (name) => byType.get(name) ?? null };
}

function toolOf(type: TypeFacts, settings: ToolSettings): Tool | null {
  const description = settings.description ?? type.description;
  if (description === null) return null;
  const input = inputOf(type.inputSchema);
  return {
    type: type.name,
    description,
    title: settings.title,
    ...input,
    // By the schema that clients see, since they go by that.
    paramHeaders: paramHeadersOf(input.inputSchema),
    taskSupport: settings.taskSupport ?? supportOf(type.expectedMs),
    annotations: settings.annotations ?? (type.kind === 'sql' ? READS_ONLY : undefined),
  };
}

const READS_ONLY = { readOnlyHint: true, openWorldHint: false };

/** Never `required` by itself: a client that knows no tasks waits for the job with a tool. */
function supportOf(expectedMs: number | null): TaskSupport {
  return expectedMs !== null && expectedMs <= SHORT_MS ? 'forbidden' : 'optional';
}

/** Arguments are an object by the protocol; an input may be anything. */
function inputOf(schema: Json): Pick<Tool, 'inputSchema' | 'isWrapped'> {
  if (schema === null) return { inputSchema: { type: 'object' }, isWrapped: false };
  if (isMembers(schema) && schema.type === 'object') return { inputSchema: schema, isWrapped: false };
  const inputSchema = {
    type: 'object',
    properties: { input: schema },
    required: ['input'],
    additionalProperties: false,
  };
  return { inputSchema, isWrapped: true };
}
