/** Azure's poller: a start, then the status monitor that Operation-Location names, each poll held by the server. */
import { createHttpPoller, type OperationState, type RunningOperation } from '@azure/core-lro';
import type { Json } from '../../src/core/job.ts';
import type { StandardClient } from './client.ts';

type State = OperationState<{ readonly result?: Json }>;

export const azureClient: StandardClient = {
  name: 'azure',
  title: '@azure/core-lro: Operation-Location',
  async open({ url, key }) {
    const send = async (method: 'GET' | 'POST', path: string, input?: Json) => {
      const headers = { 'api-key': key, 'content-type': 'application/json' };
      const response = await fetch(path, {
        method,
        headers,
        ...(input === undefined ? {} : { body: JSON.stringify(input) }),
      });
      const body = (await response.json()) as object;
      const rawResponse = {
        statusCode: response.status,
        headers: Object.fromEntries(response.headers),
        body,
        request: { method, url: path },
      };
      return { flatResponse: body, rawResponse };
    };
    return {
      async run(type, input) {
        const operation: RunningOperation = {
          sendInitialRequest: () => send('POST', `${url}/lro/azure/types/${type}:start?wait=20`, input ?? {}),
          sendPollRequest: (path) => send('GET', path),
        };
        const done = await createHttpPoller<{ readonly result?: Json }, State>(operation).pollUntilDone();
        return done.result ?? null;
      },
    };
  },
};
