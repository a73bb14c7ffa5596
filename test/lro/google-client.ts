/** For tests: a client as Google generates them, over `google-gax`; of its own it has a few messages and a service, and nothing else. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as gax from 'google-gax/fallback';

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly apiKey: string;
}

/** What of `Operation` is for callers; its `promise` is declared as one of an unknown. */
export interface ReportOperation extends Pick<gax.Operation, 'name' | 'on' | 'cancel' | 'getOperation'> {
  promise(): Promise<[report: object, metadata: object]>;
}

type StartReport = (request: {
  readonly name: string;
  readonly input?: { readonly region?: string; readonly ms?: number };
  readonly requestId?: string;
}) => Promise<[ReportOperation]>;

export interface Reports {
  readonly operations: gax.OperationsClient;
  readonly startReport: StartReport;
  /** The operation of this name, to be followed by whoever has not started it. */
  checkReportProgress(name: string): Promise<ReportOperation>;
}

const PACKAGE = 'acme.reports.v1';
const field = (type: string, id: number) => ({ type, id });

/** What a generator makes of a `.proto`; the only word of Bide's in it is the path of the start. */
const REPORT_PROTOS = {
  Reports: {
    methods: {
      StartReport: {
        requestType: 'StartReportRequest',
        responseType: 'google.longrunning.Operation',
        parsedOptions: [{ '(google.api.http)': { post: '/v1/{name=types/*}:start', body: 'input' } }],
      },
    },
  },
  StartReportRequest: {
    fields: { name: field('string', 1), input: field('ReportInput', 2), requestId: field('string', 3) },
  },
  ReportInput: { fields: { region: field('string', 1), ms: field('int32', 2) } },
  Report: { fields: { region: field('string', 1), rows: field('int32', 2) } },
  ReportMetadata: { fields: { state: field('string', 1), progressPercent: field('double', 2) } },
};

/** The same method settings for every call, as in a client's `…_client_config.json`. */
const CONFIG = {
  interfaces: {
    [`${PACKAGE}.Reports`]: {
      retry_codes: { none: [] },
      retry_params: {},
      methods: { StartReport: { timeout_millis: 60_000, retry_codes_name: 'none' } },
    },
  },
};

export function openReports({ host, port, apiKey }: Place): Reports {
  const root = protosOf();
  const client = { fallback: true, protocol: 'http', servicePath: host, port };
  // With a project that is named nothing is asked of a cloud's metadata server, which is far away here.
  const options = { fallback: true, apiKey, projectId: 'acme' } as object;
  const grpc = new gax.GrpcClient(options);
  const operations = gax.lro({ ...options, protoJson: root } as never).operationsClient({ ...client });
  const decoder = (name: string) => {
    const type = root.lookupType(`${PACKAGE}.${name}`);
    return type.decode.bind(type) as gax.LongrunningDescriptor['responseDecoder'];
  };
  const descriptor = new gax.LongrunningDescriptor(operations, decoder('Report'), decoder('ReportMetadata'));
  const settings = grpc.constructSettings(`${PACKAGE}.Reports`, CONFIG as never, {}, {}) as Record<string, never>;
  const stub = grpc.createStub(root.lookupService(`${PACKAGE}.Reports`), client as never);
  const call = stub.then((methods) => methods.startReport as never);
  return {
    operations,
    startReport: gax.createApiCall(call, settings.startReport as never, descriptor) as never,
    async checkReportProgress(name) {
      const [operation] = await operations.getOperation({ name } as never);
      return new gax.Operation(operation as never, descriptor, gax.createDefaultBackoffSettings()) as ReportOperation;
    },
  };
}

/** Google's own, which every generated client carries, and those of JSON values. */
export function googleProtos(): gax.protobuf.INamespace {
  const folder = dirname(createRequire(import.meta.url).resolve('google-gax'));
  const operations = JSON.parse(readFileSync(join(folder, '../protos/operations.json'), 'utf8')) as object;
  const root = gax.protobuf.Root.fromJSON(operations as gax.protobuf.INamespace);
  return root.addJSON(gax.protobuf.common.get('google/protobuf/struct.proto')?.nested ?? {}).toJSON();
}

function protosOf(): gax.protobuf.Root {
  const root = gax.protobuf.Root.fromJSON(googleProtos());
  root.addJSON({ acme: { nested: { reports: { nested: { v1: { nested: REPORT_PROTOS } } } } } } as never);
  root.resolveAll();
  return root;
}
