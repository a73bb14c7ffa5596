/**
 * The vendor's wire: its records, field by field in the order of its Avro schemas, and its words.
 *
 * One record is one body in both encodings: a JSON object with these keys, or a bare Avro datum. In JSON, `bytes` are a string
 * with one character (U+0000 to U+00FF) per byte.
 */
import { type AvroRecord, type AvroSchema, recordOf } from './avro.ts';

export const STATUS_WORDS = ['RUNNING', 'DONE', 'ERROR', 'CANCELLED'] as const;
export type StatusWord = (typeof STATUS_WORDS)[number];

export type StringMap = Readonly<Record<string, string>>;
/** Ids beyond 2^53 only come in binary; no job has one. */
export type Long = number | bigint;

/** Around every answer, application errors included. */
export interface Wrapper {
  readonly status: 'OK' | 'ERROR';
  readonly message: string;
  readonly data_type: string;
  readonly data: Uint8Array;
  readonly data_str: string;
}

export interface CreateJobRequest {
  readonly endpoint: string;
  readonly request_encoding: string;
  readonly data: Uint8Array;
  readonly data_str: string;
  readonly options: StringMap;
}

export interface CreateJobResponse {
  readonly job_id: number;
  readonly info: StringMap;
}

export interface GetJobRequest {
  readonly job_id: Long;
  readonly options: StringMap;
}

export interface GetJobResponse {
  readonly endpoint: string;
  readonly job_status: StatusWord;
  readonly running: boolean;
  readonly progress: number;
  readonly successful: boolean;
  readonly response_encoding: 'json' | 'binary';
  readonly job_response: Uint8Array;
  readonly job_response_str: string;
  readonly status_map: StringMap;
  readonly info: StringMap;
}

export interface AlterJobsRequest {
  readonly job_ids: readonly Long[];
  readonly action: string;
  readonly options: StringMap;
}

export interface AlterJobsResponse {
  readonly job_ids: readonly Long[];
  readonly action: string;
  readonly status: readonly string[];
  readonly info: StringMap;
}

export interface OptionsRequest {
  readonly options: StringMap;
}

export interface ShowJobsResponse {
  readonly job_id: readonly number[];
  readonly status: readonly string[];
  readonly endpoint_name: readonly string[];
  readonly time_received: readonly number[];
  readonly auth_id: readonly string[];
  readonly source_ip: readonly string[];
  readonly query_text: readonly string[];
  readonly user_data: readonly string[];
  readonly flags: readonly string[];
  readonly info: StringMap;
}

export interface ExecuteSqlRequest {
  readonly statement: string;
  readonly offset: Long;
  readonly limit: Long;
  readonly encoding: string;
  readonly request_schema_str: string;
  readonly data: readonly Uint8Array[];
  readonly options: StringMap;
}

export interface ExecuteSqlResponse {
  readonly count_affected: number;
  readonly response_schema_str: string;
  readonly binary_encoded_response: Uint8Array;
  readonly json_encoded_response: string;
  readonly total_number_of_records: number;
  readonly has_more_records: boolean;
  readonly paging_table: string;
  readonly info: StringMap;
}

export interface ClearTableRequest {
  readonly table_name: string;
  readonly authorization: string;
  readonly options: StringMap;
}

export interface ClearTableResponse {
  readonly table_name: string;
  readonly info: StringMap;
}

export interface StatusResponse {
  readonly status_map: StringMap;
  readonly info: StringMap;
}

export interface PropertiesResponse {
  readonly property_map: StringMap;
  readonly info: StringMap;
}

type Fields = readonly { readonly name: string; readonly type: AvroSchema; readonly default?: unknown }[];

/** A record of the wire: its fields (which also say how JSON requests are read) and its binary form. */
export interface WireRecord<T> {
  readonly fields: Fields;
  readonly binary: AvroRecord<T>;
}

export const stringMap: AvroSchema = { type: 'map', values: 'string' };
const longs: AvroSchema = { type: 'array', items: 'long' };
export const strings: AvroSchema = { type: 'array', items: 'string' };
export const ints: AvroSchema = { type: 'array', items: 'int' };
const blobs: AvroSchema = { type: 'array', items: 'bytes' };

/** `limit` of a statement: as many records as the server gives. */
export const END_OF_SET = -9_999;

export const wrapper = record<Wrapper>('gpudb_response', [
  { name: 'status', type: 'string' },
  { name: 'message', type: 'string' },
  { name: 'data_type', type: 'string' },
  { name: 'data', type: 'bytes' },
  { name: 'data_str', type: 'string' },
]);

export const createJobRequest = record<CreateJobRequest>('create_job_request', [
  { name: 'endpoint', type: 'string' },
  { name: 'request_encoding', type: 'string', default: 'binary' },
  { name: 'data', type: 'bytes', default: '' },
  { name: 'data_str', type: 'string', default: '' },
  { name: 'options', type: stringMap, default: {} },
]);

export const createJobResponse = record<CreateJobResponse>('create_job_response', [
  { name: 'job_id', type: 'long' },
  { name: 'info', type: stringMap },
]);

export const getJobRequest = record<GetJobRequest>('get_job_request', [
  { name: 'job_id', type: 'long' },
  { name: 'options', type: stringMap, default: {} },
]);

export const getJobResponse = record<GetJobResponse>('get_job_response', [
  { name: 'endpoint', type: 'string' },
  { name: 'job_status', type: 'string' },
  { name: 'running', type: 'boolean' },
  { name: 'progress', type: 'int' },
  { name: 'successful', type: 'boolean' },
  { name: 'response_encoding', type: 'string' },
  { name: 'job_response', type: 'bytes' },
  { name: 'job_response_str', type: 'string' },
  { name: 'status_map', type: stringMap },
  { name: 'info', type: stringMap },
]);

export const alterJobsRequest = record<AlterJobsRequest>('admin_alter_jobs_request', [
  { name: 'job_ids', type: longs },
  { name: 'action', type: 'string' },
  { name: 'options', type: stringMap, default: {} },
]);

export const alterJobsResponse = record<AlterJobsResponse>('admin_alter_jobs_response', [
  { name: 'job_ids', type: longs },
  { name: 'action', type: 'string' },
  { name: 'status', type: strings },
  { name: 'info', type: stringMap },
]);

export const optionsRequest = record<OptionsRequest>('options_request', [
  { name: 'options', type: stringMap, default: {} },
]);

export const showJobsResponse = record<ShowJobsResponse>('admin_show_jobs_response', [
  { name: 'job_id', type: longs },
  { name: 'status', type: strings },
  { name: 'endpoint_name', type: strings },
  { name: 'time_received', type: longs },
  { name: 'auth_id', type: strings },
  { name: 'source_ip', type: strings },
  { name: 'query_text', type: strings },
  { name: 'user_data', type: strings },
  { name: 'flags', type: strings },
  { name: 'info', type: stringMap },
]);

export const executeSqlRequest = record<ExecuteSqlRequest>('execute_sql_request', [
  { name: 'statement', type: 'string' },
  { name: 'offset', type: 'long', default: 0 },
  { name: 'limit', type: 'long', default: END_OF_SET },
  { name: 'encoding', type: 'string', default: 'binary' },
  { name: 'request_schema_str', type: 'string', default: '' },
  { name: 'data', type: blobs, default: [] },
  { name: 'options', type: stringMap, default: {} },
]);

export const executeSqlResponse = record<ExecuteSqlResponse>('execute_sql_response', [
  { name: 'count_affected', type: 'long' },
  { name: 'response_schema_str', type: 'string' },
  { name: 'binary_encoded_response', type: 'bytes' },
  { name: 'json_encoded_response', type: 'string' },
  { name: 'total_number_of_records', type: 'long' },
  { name: 'has_more_records', type: 'boolean' },
  { name: 'paging_table', type: 'string' },
  { name: 'info', type: stringMap },
]);

export const clearTableRequest = record<ClearTableRequest>('clear_table_request', [
  { name: 'table_name', type: 'string', default: '' },
  { name: 'authorization', type: 'string', default: '' },
  { name: 'options', type: stringMap, default: {} },
]);

export const clearTableResponse = record<ClearTableResponse>('clear_table_response', [
  { name: 'table_name', type: 'string' },
  { name: 'info', type: stringMap },
]);

export const statusResponse = record<StatusResponse>('show_system_status_response', [
  { name: 'status_map', type: stringMap },
  { name: 'info', type: stringMap },
]);

export const propertiesResponse = record<PropertiesResponse>('show_system_properties_response', [
  { name: 'property_map', type: stringMap },
  { name: 'info', type: stringMap },
]);

export function record<T>(name: string, fields: Fields): WireRecord<T> {
  const bare = fields.map((field) => ({ name: field.name, type: field.type }));
  return { fields, binary: recordOf<T>(name, bare) };
}
