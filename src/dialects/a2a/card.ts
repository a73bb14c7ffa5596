/**
 * The agent card: who this is, where it is spoken to, what it can do.
 *
 * Clients of 0.3 find what they look for beside what 1.0 has: neither minds the other's fields. Who asks in version 1.0 sees that alone.
 */
import type { Context } from './call.ts';
import { INPUT_MODES, OUTPUT_MODES, skillsOf } from './skills.ts';
import type { Version } from './wire.ts';

export interface CardRequest {
  /** Where the agent is. */
  readonly url: string;
  readonly audience: 'public' | 'callers';
  readonly version: Version;
}

export function cardOf({ engine, options }: Context, { url, audience, version }: CardRequest): object {
  const isModern = version === '1.0';
  const bearer = { httpAuthSecurityScheme: { scheme: 'Bearer' } };
  return {
    name: options.name,
    description: options.description,
    version: options.version,
    supportedInterfaces: [
      { url, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      { url, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url, protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
    ],
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
    securitySchemes: { bearer: isModern ? bearer : { ...bearer, type: 'http', scheme: 'bearer' } },
    securityRequirements: [{ schemes: { bearer: { list: [] } } }],
    defaultInputModes: INPUT_MODES,
    defaultOutputModes: OUTPUT_MODES,
    skills: skillsOf(engine, options, audience),
    ...(isModern ? {} : legacyFields(url)),
  };
}

function legacyFields(url: string): object {
  return {
    protocolVersion: '0.3.0',
    url,
    preferredTransport: 'JSONRPC',
    additionalInterfaces: [{ url, transport: 'JSONRPC' }],
    security: [{ bearer: [] }],
    supportsAuthenticatedExtendedCard: true,
  };
}
