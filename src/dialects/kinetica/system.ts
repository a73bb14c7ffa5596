/** What clients ask of the server before anything else: is it up, and where is everything. */
import type { Call } from './call.ts';
import type { OptionsRequest, PropertiesResponse, StatusResponse } from './wire.ts';

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
