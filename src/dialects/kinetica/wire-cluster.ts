/** The wire of what agents ask of a cluster: its operations, and which worker has which shard. */
import { ints, record, type StringMap, stringMap, strings } from './wire.ts';

export interface ClusterOperationsResponse {
  readonly history_index: number;
  readonly history_size: number;
  readonly in_progress: boolean;
  readonly start_time: string;
  readonly end_time: string;
  readonly endpoint: string;
  readonly endpoint_schema: string;
  readonly overall_status: string;
  readonly user_stopped: boolean;
  readonly percent_complete: number;
  readonly dry_run: boolean;
  readonly messages: readonly string[];
  readonly add_ranks: boolean;
  readonly add_ranks_status: string;
  readonly ranks_being_added: readonly number[];
  readonly rank_hosts: readonly string[];
  readonly add_ranks_percent_complete: number;
  readonly remove_ranks: boolean;
  readonly remove_ranks_status: string;
  readonly ranks_being_removed: readonly number[];
  readonly remove_ranks_percent_complete: number;
  readonly rebalance: boolean;
  readonly rebalance_unsharded_data: boolean;
  readonly rebalance_unsharded_data_status: string;
  readonly unsharded_rebalance_percent_complete: number;
  readonly rebalance_sharded_data: boolean;
  readonly shard_array_version: number;
  readonly rebalance_sharded_data_status: string;
  readonly num_shards_changing: number;
  readonly sharded_rebalance_percent_complete: number;
  readonly info: StringMap;
}

/** An index beside the options: the operation before the last one and so on, of which there are none. */
export interface ClusterOperationsRequest {
  readonly history_index: number;
  readonly options: StringMap;
}

export interface ShardsResponse {
  readonly version: number;
  readonly rank: readonly number[];
  readonly tom: readonly number[];
  readonly info: StringMap;
}

export const clusterOperationsRequest = record<ClusterOperationsRequest>('admin_show_cluster_operations_request', [
  { name: 'history_index', type: 'int', default: 0 },
  { name: 'options', type: stringMap, default: {} },
]);

export const clusterOperationsResponse = record<ClusterOperationsResponse>('admin_show_cluster_operations_response', [
  { name: 'history_index', type: 'int' },
  { name: 'history_size', type: 'int' },
  { name: 'in_progress', type: 'boolean' },
  { name: 'start_time', type: 'string' },
  { name: 'end_time', type: 'string' },
  { name: 'endpoint', type: 'string' },
  { name: 'endpoint_schema', type: 'string' },
  { name: 'overall_status', type: 'string' },
  { name: 'user_stopped', type: 'boolean' },
  { name: 'percent_complete', type: 'int' },
  { name: 'dry_run', type: 'boolean' },
  { name: 'messages', type: strings },
  { name: 'add_ranks', type: 'boolean' },
  { name: 'add_ranks_status', type: 'string' },
  { name: 'ranks_being_added', type: ints },
  { name: 'rank_hosts', type: strings },
  { name: 'add_ranks_percent_complete', type: 'int' },
  { name: 'remove_ranks', type: 'boolean' },
  { name: 'remove_ranks_status', type: 'string' },
  { name: 'ranks_being_removed', type: ints },
  { name: 'remove_ranks_percent_complete', type: 'int' },
  { name: 'rebalance', type: 'boolean' },
  { name: 'rebalance_unsharded_data', type: 'boolean' },
  { name: 'rebalance_unsharded_data_status', type: 'string' },
  { name: 'unsharded_rebalance_percent_complete', type: 'int' },
  { name: 'rebalance_sharded_data', type: 'boolean' },
  { name: 'shard_array_version', type: 'long' },
  { name: 'rebalance_sharded_data_status', type: 'string' },
  { name: 'num_shards_changing', type: 'int' },
  { name: 'sharded_rebalance_percent_complete', type: 'int' },
  { name: 'info', type: stringMap },
]);

export const shardsResponse = record<ShardsResponse>('admin_show_shards_response', [
  { name: 'version', type: 'long' },
  { name: 'rank', type: ints },
  { name: 'tom', type: ints },
  { name: 'info', type: stringMap },
]);
