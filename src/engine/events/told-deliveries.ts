/** What is to be delivered of one change: to the webhooks that want it, and to the job's own callback. */

import { traceHeaders } from '../../core/trace-context.ts';
import { type Endpoint, isWanted } from '../../core/webhooks/endpoint.ts';
import { eventWordOf } from '../../core/webhooks/event-words.ts';
import type { JobEvent, NewDelivery } from '../../store/contract.ts';
import type { JobCallback, JobCallbackList, RenderDelivery, RenderedEvent, ToldEvent } from '../api.ts';
import { NATIVE, rememberedOf } from '../webhooks/callback.ts';
import { callbackLane } from './callback-lane.ts';

export interface Audience {
  readonly endpoints: readonly Endpoint[];
  readonly renderers: ReadonlyMap<string, RenderDelivery>;
  /** What the job was given after its submit. */
  readonly given: JobCallbackList;
}

/** Where an event goes, before anything is rendered: most of a busy tenant's go nowhere. */
export interface Plan {
  readonly event: JobEvent;
  readonly endpoints: readonly Endpoint[];
  /** How each of them is told. */
  readonly renderers: ReadonlyMap<string, RenderDelivery>;
  /** Of the job's callback; null where it is not told. */
  readonly callback: RenderDelivery | null;
  readonly given: readonly Given[];
  /** Whether some body shows the result, as the native one does. */
  readonly showsResult: boolean;
  /** Whether some body shows all of the job. */
  readonly showsPayload: boolean;
}

interface Given {
  readonly to: JobCallback;
  readonly render: RenderDelivery;
}

export function planOf(event: JobEvent, { endpoints, renderers, given: list }: Audience): Plan {
  const { kind, job } = event;
  const word = eventWordOf(kind);
  const dialect = job.origin?.dialect ?? NATIVE;
  const isTold =
    job.callbackUrl !== null && !list.isOwnOff && (dialect !== NATIVE || rememberedOf(job).events.includes(word));
  const callback = isTold ? (renderers.get(dialect) ?? null) : null;
  const wanting = endpoints.filter((endpoint) => isWanted(endpoint, word, job));
  const given = list.callbacks.flatMap((to) => {
    const render = renderers.get(to.dialect);
    return render === undefined ? [] : [{ to, render }];
  });
  const telling = new Set([
    ...[callback, ...wanting.map((endpoint) => rendererOf(renderers, endpoint))],
    ...given.map(({ render }) => render),
  ]);
  const showsPayload = [...telling].some((render) => render?.showsPayload?.(event) === true);
  const isNative = telling.has(renderers.get(NATIVE) ?? null);
  const showsResult = isNative || showsPayload || [...telling].some((render) => render?.showsResult?.(event) === true);
  return { event, endpoints: wanting, renderers, callback, given, showsPayload, showsResult };
}

function rendererOf(renderers: Plan['renderers'], { dialect = NATIVE }: Endpoint): RenderDelivery | null {
  return renderers.get(dialect) ?? null;
}

export function deliveriesOf(
  { event, endpoints, renderers, callback, given }: Plan,
  { resultText, payload }: Pick<ToldEvent, 'resultText' | 'payload'>,
): readonly NewDelivery[] {
  const told: ToldEvent = { kind: event.kind, at: event.at, job: event.job, resultText, payload };
  const rendered = new Map<RenderDelivery, RenderedEvent | null>();
  const bodyBy = (render: RenderDelivery | null) => {
    if (render === null) return null;
    const known = rendered.get(render);
    if (known !== undefined) return known;
    const body = render(told);
    rendered.set(render, body);
    return body;
  };
  const own = bodyBy(callback);
  const toEndpoints = endpoints.flatMap((endpoint) => {
    const body = bodyBy(rendererOf(renderers, endpoint));
    return body === null ? [] : [toEndpoint(told, endpoint, body)];
  });
  const toGiven = given.flatMap(({ to, render }) => {
    const body = render({ ...told, callbackData: to.data });
    return body === null ? [] : [toGivenCallback(told, to, body)];
  });
  return [...(own === null ? [] : [toCallback(told, own)]), ...toGiven, ...toEndpoints];
}

function toEndpoint(told: ToldEvent, { id, url, lane }: Endpoint, rendered: RenderedEvent): NewDelivery {
  return { ...common(told, rendered), endpointId: id, url, lane, origin: null };
}

function toCallback(told: ToldEvent, rendered: RenderedEvent): NewDelivery {
  const url = told.job.callbackUrl ?? '';
  return { ...common(told, rendered), endpointId: null, url, lane: callbackLane(url), origin: told.job.origin };
}

function toGivenCallback(told: ToldEvent, { key, url }: JobCallback, rendered: RenderedEvent): NewDelivery {
  return { ...common(told, rendered), endpointId: key, url, lane: callbackLane(url), origin: null };
}

function common({ job, at }: ToldEvent, rendered: RenderedEvent) {
  const { id: jobId, tenant, revision, terms } = job;
  const { event, body } = rendered;
  const headers = { ...rendered.headers, ...traceHeaders(terms?.trace ?? null) };
  // Due when it happened: among those that are due, what happened first comes first.
  return { tenant, jobId, revision, event, headers, body, at, dueAt: at };
}
