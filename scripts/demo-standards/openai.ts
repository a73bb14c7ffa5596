/** OpenAI's client: a response in the background, retrieved until it is there. */
import { setTimeout as sleep } from 'node:timers/promises';
import OpenAI from 'openai';
import type { Json } from '../../src/core/job.ts';
import type { StandardClient } from './client.ts';

const POLL_MS = 100;

export const openaiClient: StandardClient = {
  name: 'openai',
  title: 'openai: responses in the background',
  async open({ url, key }) {
    const openai = new OpenAI({ baseURL: `${url}/openai/v1`, apiKey: key });
    return {
      async run(type, input) {
        const asked = { model: type, input: JSON.stringify(input ?? {}), background: true };
        let response = await openai.responses.create(asked);
        while (response.status === 'queued' || response.status === 'in_progress') {
          await sleep(POLL_MS);
          response = await openai.responses.retrieve(response.id);
        }
        if (response.status !== 'completed') throw new Error(`${response.status}: ${response.error?.message}`);
        return JSON.parse(response.output_text) as Json;
      },
    };
  },
};
