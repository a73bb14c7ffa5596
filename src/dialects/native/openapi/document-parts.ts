/** The parts of an OpenAPI 3.1 document that are read and added to here; all others pass through as they are. */
import type { Json } from '../../../core/job.ts';

export type Schema = Json | { readonly [key: string]: Schema | undefined } | readonly Schema[];

export interface Media {
  readonly schema?: Schema;
  readonly example?: Json;
  readonly examples?: Readonly<Record<string, object>>;
}

export interface Answer {
  readonly description: string;
  readonly headers?: Readonly<Record<string, object>>;
  readonly content?: Readonly<Record<string, Media>>;
}

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: Schema;
  readonly example?: Json;
}

export interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Answer>>;
  /** Empty where nobody has to say who they are. */
  readonly security?: readonly object[];
  readonly 'x-maybe-body'?: true;
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, Schema>>;
    readonly examples?: Readonly<Record<string, object>>;
    readonly headers?: Readonly<Record<string, object>>;
  };
}
