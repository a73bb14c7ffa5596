/** The engine, as the composition root and the faces see it. */
export * from './api.ts';
export { boundDocuments } from './bounded-documents.ts';
export { type Clock, systemClock } from './clock.ts';
export { createEngine, type EngineOptions, type EngineStats, type RunningEngine } from './create-engine.ts';
export type { PostDelivery } from './deliveries/post-delivery.ts';
export { createFakeClock, type FakeClock } from './fake-clock.ts';
export { createOwnClock, type OwnClock, type TimeMark } from './own-clock.ts';
export type { Readiness } from './readiness.ts';
export type { StopOptions } from './shutdown.ts';
export { createStoreClock, type StoreClock } from './store-clock.ts';
export { DEFAULT_RETRY } from './submitting/submit.ts';
export { createTelemetry, type Telemetry, type TelemetryEvent, type TelemetryListener } from './telemetry.ts';
