/** Which job type a client means by a model, and what that type takes. */
import { BideError } from '../../core/errors.ts';
import type { Engine } from '../../engine/api.ts';
import type { OpenaiOptions, Wire } from './options.ts';
import type { ModelBody } from './wire.ts';

export interface Model {
  /** As the client has it. */
  readonly id: string;
  readonly type: string;
  /** What its type is given: a whole request of this wire, or with null the input alone. */
  readonly speaks: Wire | null;
  /** Its name at the upstream. */
  readonly as: string;
}

export interface Models {
  named(id: string): Model | null;
  /** TYPE_NOT_FOUND, as the vendor says it, for a model that there is not. */
  required(id: string): Model;
  /** Those of the config, then the types under their own names. */
  list(): readonly Model[];
}

export function createModels(engine: Pick<Engine, 'types'>, { models }: OpenaiOptions): Models {
  const configured = (id: string): Model | null => {
    const option = Object.hasOwn(models, id) ? models[id] : undefined;
    return option === undefined ? null : { id, type: option.type, speaks: option.speaks ?? null, as: option.as ?? id };
  };
  const ofType = (type: string): Model => ({ id: type, type, speaks: null, as: type });
  const named = (id: string) => configured(id) ?? (engine.types().some((type) => type.name === id) ? ofType(id) : null);
  return {
    named,
    required(id) {
      const model = named(id);
      if (model !== null) return model;
      const message = `The model ${JSON.stringify(id.slice(0, 100))} does not exist: a model is a job type of this server, or a name in its config.`;
      throw new BideError('TYPE_NOT_FOUND', message, { param: 'model' });
    },
    list() {
      const names = Object.keys(models);
      const types = engine.types().flatMap(({ name }) => (names.includes(name) ? [] : [ofType(name)]));
      return [...names.flatMap((id) => configured(id) ?? []), ...types];
    },
  };
}

/** Types have no time of their own: they are as old as time, so that nothing changes with a restart. */
export function modelBody({ id }: Model): ModelBody {
  return { id, object: 'model', created: 0, owned_by: 'bide' };
}
