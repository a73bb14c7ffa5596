/** Job types as the conformance suite wants its tools: what it calls, named and behaving as its scenarios say. */
import { setTimeout } from 'node:timers/promises';
import { Type } from 'typebox';
import { defineConfig } from '../../src/config/index.ts';
import { typebox } from '../../src/config/typebox-schema.ts';
import type { JobContext } from '../../src/handlers/function/job-context.ts';
import { JSON_SCHEMA_2020_12 } from './json-schema-2020-12.ts';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQAAAAA=';

const Greeting = typebox(Type.Object({ name: Type.String() }));
const Seconds = typebox(Type.Object({ seconds: Type.Number(), label: Type.Optional(Type.String()) }));

const ofTexts = (name: string) => ({
  type: 'object',
  properties: { [name]: { type: 'string' } },
  required: [name],
});

const DEFAULTS = {
  type: 'object',
  properties: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true },
  },
};

const OPTIONS = ['option1', 'option2', 'option3'];
const TITLED = [1, 2, 3].map((number) => ({ const: `value${number}`, title: `Option ${number}` }));
const ENUMS = {
  type: 'object',
  properties: {
    untitledSingle: { type: 'string', enum: OPTIONS },
    titledSingle: { type: 'string', oneOf: TITLED },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2', 'opt3'], enumNames: ['One', 'Two', 'Three'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: OPTIONS } },
    titledMulti: { type: 'array', items: { anyOf: TITLED } },
  },
};

const at = (description: string) => ({ description, expectedMs: 1_000 });
const long = (description: string) => ({ description, expectedMs: 60_000 });

function embedded(uri: string, mimeType: string, text: string) {
  return { type: 'resource', resource: { uri, mimeType, text } };
}

export default defineConfig({
  types: {
    // Tasks.
    greet: { ...at('Greets somebody.'), input: Greeting, run: ({ name }) => `Hello, ${name}!` },
    slow_compute: {
      ...long('Computes for a while.'),
      input: Seconds,
      run: async ({ seconds }, { signal }: JobContext) => {
        await setTimeout(seconds * 1_000, undefined, { signal });
        return { seconds };
      },
    },
    failing_job: {
      ...long('Fails.'),
      retry: { attempts: 1 },
      run: async () => {
        await setTimeout(500);
        throw new Error('The work cannot be done.');
      },
    },
    protocol_error_job: { ...long('Brings what nobody can carry.'), retry: { attempts: 1 }, run: () => 1n },
    confirm_delete: {
      ...long('Deletes a file once somebody has confirmed it.'),
      input: typebox(Type.Object({ filename: Type.String() })),
      run: async ({ filename }, job: JobContext) => {
        const answer = await job.waitForSignal<{ readonly confirm?: boolean } | null>('confirm');
        return answer?.confirm === true ? `Deleted ${filename}` : `Kept ${filename}`;
      },
    },
    multi_input: {
      ...long('Wants to know two things.'),
      run: async (_input: unknown, job: JobContext) => {
        const name = await job.waitForSignal('name');
        const confirm = await job.waitForSignal('confirm');
        return { name, confirm };
      },
    },
    test_tool_with_task: {
      ...long('Wants a name before it begins.'),
      run: async (_input: unknown, job: JobContext) => {
        const answer = await job.waitForSignal<{ readonly name?: string } | null>('user_name');
        return `Hello, ${JSON.stringify(answer)}`;
      },
    },

    // Tools.
    test_simple_text: { ...at('Says something.'), run: () => 'This is a simple text response for testing.' },
    test_image_content: {
      ...at('Shows a picture.'),
      run: () => ({ bytes: Buffer.from(PNG, 'base64'), contentType: 'image/png' }),
    },
    test_audio_content: {
      ...at('Plays a sound.'),
      run: () => ({ bytes: Buffer.from(WAV, 'base64'), contentType: 'audio/wav' }),
    },
    test_embedded_resource: {
      ...at('Brings a resource.'),
      run: () => ({
        content: [embedded('test://embedded-resource', 'text/plain', 'This is an embedded resource content.')],
      }),
    },
    test_multiple_content_types: {
      ...at('Brings several things.'),
      run: () => ({
        content: [
          { type: 'text', text: 'Multiple content types test:' },
          { type: 'image', data: PNG, mimeType: 'image/png' },
          embedded('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
        ],
      }),
    },
    test_tool_with_progress: {
      ...at('Says how far it is.'),
      run: async (_input: unknown, job: JobContext) => {
        for (const percent of [0, 50, 100]) {
          job.progress(percent);
          await setTimeout(150);
        }
        return 'Done.';
      },
    },
    test_error_handling: {
      ...at('Fails at once.'),
      retry: { attempts: 1 },
      run: () => {
        throw new Error('This tool intentionally returns an error for testing');
      },
    },
    json_schema_2020_12_tool: {
      ...at('Tool with JSON Schema 2020-12 features'),
      input: JSON_SCHEMA_2020_12,
      run: () => 'ok',
    },
    test_reconnection: {
      ...at('Takes longer than its stream is held.'),
      run: async () => {
        await setTimeout(1_500);
        return 'Reconnected.';
      },
    },
    test_custom_headers: {
      ...at('Has an argument that is repeated in a header.'),
      input: typebox(
        Type.Object({
          region: Type.Optional(Type.String({ 'x-mcp-header': 'Region' })),
          priority: Type.Optional(Type.Union([Type.Integer(), Type.Null()], { 'x-mcp-header': 'Priority' })),
        }),
      ),
      run: ({ region }) => `Region: ${region}`,
    },
    test_input_required_result_request_state: {
      ...at('Asks for a confirmation.'),
      run: async (_input: unknown, job: JobContext) => `state-ok ${JSON.stringify(await job.waitForSignal('confirm'))}`,
    },
    test_input_required_result_tampered_state: {
      ...at('Asks for a confirmation.'),
      run: async (_input: unknown, job: JobContext) => job.waitForSignal('confirm'),
    },
    test_input_required_result_multi_round: {
      ...at('Asks twice.'),
      run: async (_input: unknown, job: JobContext) => {
        const name = await job.waitForSignal('step1');
        return { name, colour: await job.waitForSignal('step2') };
      },
    },
    test_elicitation: {
      ...at('Asks somebody.'),
      run: async (_input: unknown, job: JobContext) =>
        `User response: ${JSON.stringify(await job.waitForSignal('response'))}`,
    },
    test_elicitation_sep1034_defaults: {
      ...at('Asks with defaults.'),
      run: async (_input: unknown, job: JobContext) =>
        `Elicitation completed: ${JSON.stringify(await job.waitForSignal('form'))}`,
    },
    test_elicitation_sep1330_enums: {
      ...at('Asks for choices.'),
      run: async (_input: unknown, job: JobContext) =>
        `Elicitation completed: ${JSON.stringify(await job.waitForSignal('form'))}`,
    },
    test_missing_capability: { ...long('Needs a client that takes tasks.'), run: () => 'Done.' },
    test_streaming_elicitation: {
      ...at('Asks while it is held.'),
      run: async (_input: unknown, job: JobContext) => job.waitForSignal('answer'),
    },
    test_logging_tool: {
      ...at('Logs.'),
      run: (_input: unknown, job: JobContext) => {
        job.log('A line.');
        return 'Logged.';
      },
    },
    test_input_required_result_elicitation: {
      ...at('Asks for a name.'),
      run: async (_input: unknown, job: JobContext) => {
        const answer = await job.waitForSignal<{ readonly name?: string } | null>('user_name');
        return `Hello, ${answer?.name}!`;
      },
    },
  },
  dialects: {
    mcp: {
      options: {
        tools: {
          failing_job: { taskSupport: 'required' },
          confirm_delete: {
            inputs: {
              confirm: {
                message: 'Delete the file?',
                schema: { type: 'object', properties: { confirm: { type: 'boolean' } }, required: ['confirm'] },
              },
            },
          },
          multi_input: {
            inputs: {
              name: {
                message: 'What is it called?',
                schema: { type: 'object', properties: { name: { type: 'string' } } },
              },
              confirm: {
                message: 'Is that so?',
                schema: { type: 'object', properties: { confirm: { type: 'boolean' } } },
                with: 'name',
              },
            },
          },
          test_tool_with_task: {
            taskSupport: 'required',
            inputs: {
              user_name: {
                message: 'What is your name?',
                schema: ofTexts('name'),
                atStart: true,
              },
            },
          },
          test_elicitation: { inputs: { response: { message: 'What do you say?', schema: ofTexts('response') } } },
          test_elicitation_sep1034_defaults: { inputs: { form: { message: 'Who are you?', schema: DEFAULTS } } },
          test_elicitation_sep1330_enums: { inputs: { form: { message: 'What do you choose?', schema: ENUMS } } },
          test_input_required_result_elicitation: {
            inputs: { user_name: { message: 'What is your name?', schema: ofTexts('name'), atStart: true } },
          },
          test_streaming_elicitation: {
            inputs: { answer: { message: 'What do you say?', schema: ofTexts('answer'), atStart: true } },
          },
          test_missing_capability: { taskSupport: 'required' },
        },
      },
    },
  },
});
