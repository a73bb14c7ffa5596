/** What clients ask of the server before anything else: is it up, and where is everything. */
import type { Call } from './call.ts';
import type { OptionsRequest, PropertiesResponse, StatusResponse } from './wire.ts';
import type { ClusterOperationsResponse, ShardsResponse } from './wire-cluster.ts';

/** `status_map` holds JSON texts; agents read the version from the first of them. */
export async function status(call: Call, _request: OptionsRequest): Promise<StatusResponse> {
  const system = JSON.stringify({ status: 'running', version: call.context.options.version });
  return { status_map: { system }, info: {} };
}

/** The keys by which clients find the nodes of a cluster: one host, one worker, here. */
export async function properties(call: Call, _request: OptionsRequest): Promise<PropertiesResponse> {
  const { publicUrl, options } = call.context;
  const url = new URL(publicUrl(call.request));
  const host = `${url.protocol}//${url.hostname}`;
  return {
    property_map: {
      'conf.number_of_hosts': '1',
      'conf.host0_public_urls': host,
      'conf.worker_http_server_urls': url.href.replace(/\/$/, ''),
      'conf.use_https': url.protocol === 'https:' ? 'TRUE' : 'FALSE',
      'conf.enable_httpd_proxy': 'FALSE',
      'conf.ha_ring_head_nodes_full': '',
      'version.gpudb_core_version': options.version,
    },
    info: {},
  };
}

const NOT_STARTED = 'NOT_STARTED';

/** Of a cluster that was never rebalanced and does nothing: agents look here whether it is busy. */
export async function clusterOperations(): Promise<ClusterOperationsResponse> {
  return {
    history_index: 0,
    history_size: 0,
    in_progress: false,
    start_time: '',
    end_time: '',
    endpoint: '',
    endpoint_schema: '',
    overall_status: 'OK',
    user_stopped: false,
    percent_complete: 0,
    dry_run: false,
    messages: [],
    add_ranks: false,
    add_ranks_status: NOT_STARTED,
    ranks_being_added: [],
    rank_hosts: [],
    add_ranks_percent_complete: 0,
    remove_ranks: false,
    remove_ranks_status: NOT_STARTED,
    ranks_being_removed: [],
    remove_ranks_percent_complete: 0,
    rebalance: false,
    rebalance_unsharded_data: false,
    rebalance_unsharded_data_status: NOT_STARTED,
    unsharded_rebalance_percent_complete: 0,
    rebalance_sharded_data: false,
    shard_array_version: 0,
    rebalance_sharded_data_status: NOT_STARTED,
    num_shards_changing: 0,
    sharded_rebalance_percent_complete: 0,
    info: {},
  };
}

/** One shard on the one worker. */
export async function shards(): Promise<ShardsResponse> {
  return { version: 0, rank: [1], tom: [0], info: {} };
}
