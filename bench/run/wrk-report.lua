-- What wrk is to send, from the environment, and what it found, as one line of JSON.
wrk.method = os.getenv('BENCH_METHOD')
wrk.body = os.getenv('BENCH_BODY')
for name, value in string.gmatch(os.getenv('BENCH_HEADERS') or '', '([^:\n]+): ([^\n]+)') do wrk.headers[name] = value end

function done(summary, latency)
  local errors = summary.errors
  local bad = errors.status + errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format('\nRESULT {"rate":%.3f,"p50Ms":%.4f,"p99Ms":%.4f,"requests":%d,"bad":%d}\n', summary.requests * 1e6 / summary.duration,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000, summary.requests, bad))
end
