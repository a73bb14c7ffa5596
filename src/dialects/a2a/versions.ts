/** Which version of the protocol a request speaks. */
import type { FastifyRequest } from 'fastify';
import { BideError } from '../../core/errors.ts';
import { because } from './faults.ts';
import type { Version } from './wire.ts';
import { VERSION_HEADER } from './wire.ts';

const SUPPORTED = '1.0 and 0.3';

/** By the header, else by the parameter of that name; whoever names none speaks 0.3. The number of a patch says nothing. */
export function versionOf({ headers, query }: Pick<FastifyRequest, 'headers' | 'query'>): Version {
  const given = (headers[VERSION_HEADER] || (query as Readonly<Record<string, unknown>>)['A2A-Version']) ?? '';
  const text = typeof given === 'string' ? given.trim() : '';
  if (text === '') return '0.3';
  const version = /^(1\.0|0\.3)(?:\.\d{1,3})?$/.exec(text)?.[1];
  if (version !== undefined) return version as Version;
  throw unsupportedVersion(
    `A2A ${text.slice(0, 20)} is not served here, only ${SUPPORTED}: see the A2A-Version header.`,
  );
}

export function unsupportedVersion(message: string): BideError {
  return new BideError('INVALID_REQUEST', message, because('VERSION_NOT_SUPPORTED'));
}
