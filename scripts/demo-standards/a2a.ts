/** The A2A client of the demo: it finds the agent by its card, sends a message, and follows the task to its artifact. */
import { randomUUID } from 'node:crypto';
import { SendMessageRequest, type StreamResponse } from '@a2a-js/sdk';
import { ClientFactory, ClientFactoryOptions, JsonRpcTransportFactory, RestTransportFactory } from '@a2a-js/sdk/client';
import type { Json } from '../../src/core/job.ts';
import type { StandardClient } from './client.ts';

export const a2aClient: StandardClient = {
  name: 'a2a',
  title: '@a2a-js/sdk: A2A 1.0, sendMessageStream',
  async open({ url, key }) {
    const fetchImpl: typeof fetch = (input, init) => {
      const headers = new Headers(init?.headers);
      headers.set('authorization', `Bearer ${key}`);
      return fetch(input, { ...init, headers });
    };
    const transports = [new RestTransportFactory({ fetchImpl }), new JsonRpcTransportFactory({ fetchImpl })];
    const options = ClientFactoryOptions.createFrom(ClientFactoryOptions.default, { transports });
    const client = await new ClientFactory(options).createFromUrl(url);
    return {
      async run(type, input) {
        const message = {
          messageId: randomUUID(),
          role: 'ROLE_USER',
          parts: [{ data: input }],
          metadata: { skill: type },
        };
        const results: Json[] = [];
        for await (const update of client.sendMessageStream(SendMessageRequest.fromJSON({ message })))
          results.push(...resultIn(update));
        const [result] = results;
        if (result === undefined) throw new Error('The task ended without an artifact.');
        return result;
      },
    };
  },
};

function resultIn({ payload }: StreamResponse): readonly Json[] {
  if (payload?.$case !== 'artifactUpdate') return [];
  return payload.value.artifact?.parts.map(({ content }) => content?.value as Json) ?? [];
}
