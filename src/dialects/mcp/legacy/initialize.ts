/** `initialize`: the version that both speak, and what this server does. */
import type { Call } from '../call.ts';
import { INVALID_PARAMS, type Members, RpcError } from '../rpc.ts';
import { LEGACY_VERSIONS } from '../wire.ts';

export const INSTRUCTIONS =
  'Each tool starts a job that is durable: it goes on when a connection is lost. A call that takes long answers with a job_id; call wait_for_job with it until the job is done. Where tasks are supported, prefer them.';

/** For a version that there is not, the newest: the client decides whether it can live with that. */
export function initializeResult({ params, desk }: Pick<Call, 'params' | 'desk'>): Members {
  const { protocolVersion: wanted } = params;
  if (typeof wanted !== 'string')
    throw new RpcError(INVALID_PARAMS, 'protocolVersion must be a text.', { status: 400 });
  return {
    protocolVersion: LEGACY_VERSIONS.find((version) => version === wanted) ?? LEGACY_VERSIONS[0],
    capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
    serverInfo: desk.serverInfo,
    instructions: INSTRUCTIONS,
  };
}
