/** A client as Google generates them: a method that starts an operation, and `google-gax`, which follows it to its message. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as gax from 'google-gax/fallback';
import type { Json } from '../../src/core/job.ts';
import type { Place, StandardClient } from './client.ts';

const PACKAGE = 'demo.v1';
const field = (type: string, id: number) => ({ type, id });

/** What a generator makes of a `.proto`; the only word of Bide's in it is the path of the start. */
const DEMO_PROTOS = {
  Jobs: {
    methods: {
      StartJob: {
        requestType: 'StartJobRequest',
        responseType: 'google.longrunning.Operation',
        parsedOptions: [{ '(google.api.http)': { post: '/v1/{name=types/*}:start', body: 'input' } }],
      },
    },
  },
  StartJobRequest: { fields: { name: field('string', 1), input: field('JobInput', 2) } },
  JobInput: { fields: { query: field('string', 1), file: field('string', 2) } },
};

/** The same method settings for every call, as in a client's `…_client_config.json`. */
const CONFIG = {
  interfaces: {
    [`${PACKAGE}.Jobs`]: {
      retry_codes: { none: [] },
      retry_params: {},
      methods: { StartJob: { timeout_millis: 60_000, retry_codes_name: 'none' } },
    },
  },
};

/** A `google.protobuf.Value`, with the name of the field that it has. */
type Value =
  | { readonly kind: 'nullValue' }
  | { readonly kind: 'numberValue'; readonly numberValue: number }
  | { readonly kind: 'stringValue'; readonly stringValue: string }
  | { readonly kind: 'boolValue'; readonly boolValue: boolean }
  | { readonly kind: 'listValue'; readonly listValue: { readonly values?: readonly Value[] } }
  | { readonly kind: 'structValue'; readonly structValue: { readonly fields?: Readonly<Record<string, Value>> } };

type StartJob = (request: {
  readonly name: string;
  readonly input: Json;
}) => Promise<[{ promise(): Promise<[gax.protobuf.Message]> }]>;

export const googleClient: StandardClient = {
  name: 'google',
  title: 'google-gax: long-running operations',
  async open(place) {
    const root = protosOf();
    const startJob = startJobOf(root, place);
    const value = root.lookupType('google.protobuf.Value');
    return {
      async run(type, input) {
        const [operation] = await startJob({ name: `types/${type}`, input: input ?? {} });
        const [result] = await operation.promise();
        return jsonOf(value.toObject(result, { oneofs: true }) as Value);
      },
    };
  },
};

function startJobOf(root: gax.protobuf.Root, { url, key }: Place): StartJob {
  const client = { fallback: true, protocol: 'http', servicePath: 'localhost', port: Number(new URL(url).port) };
  // With a project that is named nothing is asked of a cloud's metadata server, which is far away here.
  const options = { fallback: true, apiKey: key, projectId: 'demo' } as object;
  const grpc = new gax.GrpcClient(options);
  const operations = gax.lro({ ...options, protoJson: root } as never).operationsClient({ ...client });
  const decoder = (name: string) => {
    const type = root.lookupType(`google.protobuf.${name}`);
    return type.decode.bind(type) as gax.LongrunningDescriptor['responseDecoder'];
  };
  const descriptor = new gax.LongrunningDescriptor(operations, decoder('Value'), decoder('Struct'));
  const settings = grpc.constructSettings(`${PACKAGE}.Jobs`, CONFIG as never, {}, {}) as Record<string, never>;
  const stub = grpc.createStub(root.lookupService(`${PACKAGE}.Jobs`), client as never);
  const call = stub.then((methods) => methods.startJob as never);
  return gax.createApiCall(call, settings.startJob as never, descriptor) as never;
}

/** Google's own, which every generated client carries, those of JSON values, and the demo's. */
function protosOf(): gax.protobuf.Root {
  const folder = dirname(createRequire(import.meta.url).resolve('google-gax'));
  const operations = JSON.parse(readFileSync(join(folder, '../protos/operations.json'), 'utf8')) as object;
  const root = gax.protobuf.Root.fromJSON(operations as gax.protobuf.INamespace);
  root.addJSON(gax.protobuf.common.get('google/protobuf/struct.proto')?.nested ?? {});
  root.addJSON({ demo: { nested: { v1: { nested: DEMO_PROTOS } } } } as never);
  root.resolveAll();
  return root;
}

function jsonOf(value: Value): Json {
  if (value.kind === 'listValue') return (value.listValue.values ?? []).map(jsonOf);
  if (value.kind === 'structValue')
    return Object.fromEntries(
      Object.entries(value.structValue.fields ?? {}).map(([name, each]) => [name, jsonOf(each)]),
    );
  if (value.kind === 'numberValue') return value.numberValue;
  if (value.kind === 'stringValue') return value.stringValue;
  return value.kind === 'boolValue' ? value.boolValue : null;
}
