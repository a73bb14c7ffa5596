/** For tests: what a generated client of Azure's does for a call that takes long, over `@azure/core-lro` and Azure's own pipeline. */
import {
  type CreateHttpPollerOptions,
  createHttpPoller,
  type OperationState,
  type RunningOperation,
} from '@azure/core-lro';
import {
  createDefaultHttpClient,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpMethods,
} from '@azure/core-rest-pipeline';

type Options = CreateHttpPollerOptions<unknown, OperationState<unknown>>;

export interface Start {
  readonly method: HttpMethods;
  readonly url: string;
  readonly apiKey: string;
  readonly input: object;
  readonly options?: Options;
}

/** The poller, and every request that it made. */
export function startPoller({ method, url, apiKey, input, options = {} }: Start) {
  const asked: string[] = [];
  const client = createDefaultHttpClient();
  const pipeline = createPipelineFromOptions({
    retryOptions: { maxRetries: 240, retryDelayInMs: 100, maxRetryDelayInMs: 500 },
  });
  const send = async (method: HttpMethods, url: string, json?: object) => {
    const request = createPipelineRequest({
      method,
      url,
      allowInsecureConnection: true,
      headers: createHttpHeaders({ 'api-key': apiKey, 'content-type': 'application/json' }),
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
    });
    const response = await pipeline.sendRequest(client, request);
    const body: unknown = JSON.parse(response.bodyAsText ?? 'null');
    asked.push(`${method} ${new URL(url).pathname} ${response.status} ${wordIn(body)}`);
    const rawResponse = {
      statusCode: response.status,
      headers: response.headers.toJSON(),
      body,
      request: { method, url },
    };
    return { flatResponse: body, rawResponse };
  };
  const operation: RunningOperation = {
    sendInitialRequest: () => send(method, url, input),
    sendPollRequest: (path) => send('GET', path),
  };
  return { poller: createHttpPoller(operation, options), asked };
}

function wordIn(body: unknown): string {
  const { status, properties, error } = (body ?? {}) as {
    readonly status?: string;
    readonly properties?: { readonly provisioningState?: string };
    readonly error?: { readonly code?: string };
  };
  return status ?? properties?.provisioningState ?? error?.code ?? 'the result';
}
