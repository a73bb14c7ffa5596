/** Which job type a client means by a model, a deployment or a version; and how types are shown as models. */
import type { Engine, TypeFacts } from '../../engine/api.ts';
import type { ReplicateOptions } from './options.ts';

/** A model of the vendor, and the type that does its work. */
export interface Model {
  readonly owner: string;
  readonly name: string;
  readonly type: string;
}

export interface Models {
  /** Of `owner/name`: what the config calls so, else the type of that name, whoever owns it. Null where there is none. */
  named(owner: string, name: string): Model | null;
  /** Of a version: a type, `owner/name`, `owner/name:version`, or an id that the config has. */
  ofVersion(version: string): Model | null;
  /** A type under its own name. */
  ofType(type: string): Model;
  list(): readonly Model[];
}

type TypesOf = Pick<Engine, 'types'>;

export function createModels(engine: TypesOf, { models, owner: ownOwner }: ReplicateOptions): Models {
  const hasType = (name: string) => engine.types().some((type) => type.name === name);
  const ofType = (type: string): Model => ({ owner: ownOwner, name: type, type });

  function named(owner: string, name: string): Model | null {
    const key = `${owner}/${name}`;
    const configured = Object.hasOwn(models, key) ? models[key] : undefined;
    if (configured !== undefined) return { owner, name, type: configured.type };
    return hasType(name) ? { owner, name, type: name } : null;
  }

  /** A version without an owner: a type, or an id that the config has. */
  function ofBare(version: string): Model | null {
    const configured = Object.hasOwn(models, version) ? models[version] : undefined;
    if (configured !== undefined) return ofType(configured.type);
    return hasType(version) ? ofType(version) : null;
  }

  function ofVersion(version: string): Model | null {
    const slash = version.indexOf('/');
    if (slash === -1) return ofBare(version);
    const [owner, rest] = [version.slice(0, slash), version.slice(slash + 1)];
    const colon = rest.indexOf(':');
    if (colon === -1) return named(owner, rest);
    const name = rest.slice(0, colon);
    const behind = ofBare(rest.slice(colon + 1));
    return behind === null ? named(owner, rest) : { owner, name, type: behind.type };
  }

  return {
    named,
    ofVersion,
    ofType,
    list() {
      const configured = Object.entries(models).flatMap(([key, { type }]) => {
        const slash = key.indexOf('/');
        return slash === -1 ? [] : [{ owner: key.slice(0, slash), name: key.slice(slash + 1), type }];
      });
      return [...configured, ...engine.types().map(({ name }) => ofType(name))];
    },
  };
}

export function factsOf(engine: TypesOf, { type }: Model): TypeFacts | null {
  return engine.types().find(({ name }) => name === type) ?? null;
}
