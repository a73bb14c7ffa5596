#!/usr/bin/env bash
# A worker for Bide in bash, with curl and jq. It takes jobs of the type `count`, one at a time; start more of it for more at once.
#
#   BIDE_URL=http://127.0.0.1:7070 BIDE_KEY=bide_… ./worker.sh
#
# SIGTERM or ^C: it takes no more jobs, finishes the one that runs, and ends.
set -u
set -m # Each background job leads a process group, so that a cancel ends whatever the work has started.
: "${BIDE_URL:=http://127.0.0.1:7070}" "${BIDE_KEY:?is missing: make one with  bide keys create --scope work}"
: "${BIDE_LEASE_MS:=15000}"
dir=$(mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
stopping='' claiming=''
trap 'stopping=yes; [ -z "$claiming" ] || kill -- "-$claiming" 2>/dev/null' TERM INT

# --- The work: the input on stdin, the result on stdout, the reason of a failure on stderr. Exit code 65: wrong input, do not try again.

work() {
  local to pause n
  read -r to pause < <(jq -r '"\(.to) \((.pauseMs // 100) / 1000)"')
  [[ $to =~ ^[0-9]+$ ]] || { echo '"to" must be a whole number' >&2 && return 65; }
  for ((n = 1; n <= to; n++)); do
    sleep "$pause"
    progress $((100 * n / to)) "$n of $to"
  done
  printf '{"counted":%d,"by":"bash"}' "$to"
}

progress() { # progress PERCENT MESSAGE
  post "$dir/progress" "work/$id/heartbeat" \
    "$(jq -nc --argjson fence "$fence" --argjson percent "$1" --arg message "$2" '{$fence, progress: {$percent, $message}}')" >"$dir/ignored"
}

# --- The protocol

post() { # post FILE PATH BODY: puts the answer into the file and prints its status, 000 where nobody answered. A BODY of @FILE is read from there.
  curl --silent --max-time 40 --output "$1" --write-out '%{http_code}' --header 'Content-Type: application/json' \
    --config <(printf 'header = "Authorization: Bearer %s"\n' "$BIDE_KEY") --data-binary "$3" "$BIDE_URL/v1/$2"
}

keep_lease() { # Renews it until the work ends. Ends the work when the job was cancelled, or belongs to somebody else by now.
  local body status
  # Held by the server for a third of the lease: the answer comes then, or at once when somebody cancels.
  body=$(jq -nc --argjson fence "$fence" --argjson lease "$BIDE_LEASE_MS" '{$fence, leaseMs: $lease, wait: ($lease / 3000)}')
  while :; do
    status=$(post "$dir/beat" "work/$id/heartbeat" "$body")
    case $status in
      200) [ "$(jq .cancelRequested "$dir/beat")" = false ] || break ;;
      404 | 409 | 410) break ;;
      *) sleep 1 ;;
    esac
  done
  echo "$status" >"$dir/stopped"
  kill -- "-$working"
}

report() { # report PATH BODY: again and again where nobody answers, as long as a lease lasts.
  local status until=$((SECONDS + BIDE_LEASE_MS / 1000))
  while :; do
    status=$(post "$dir/report" "work/$id/$1" "$2")
    case $status in
      200) return ;;
      000 | 429 | 5??) ((SECONDS < until)) || return; sleep 1 ;;
      *) echo "$id: $(cat "$dir/report")" >&2; return ;;
    esac
  done
}

run() { # run JOB
  local code keeping error
  id=$(jq -r .id <<<"$1") fence=$(jq .fence <<<"$1")
  rm -f "$dir/stopped"
  jq -c .input <<<"$1" >"$dir/input"
  work <"$dir/input" >"$dir/result" 2>"$dir/error" & working=$!
  keep_lease & keeping=$!
  {
    # A signal to this script ends `wait`, not the work.
    while wait "$working"; code=$?; kill -0 "$working"; do :; done
    kill -- "-$keeping"; wait "$keeping"
  } 2>/dev/null
  error=$(tail -c 2000 "$dir/error")
  case $(cat "$dir/stopped" 2>/dev/null),$code in
    200,*) report fail "$(jq -nc --argjson fence "$fence" '{$fence, error: {code: "CANCELLED", message: "stopped by a cancel"}}')" ;;
    ???,*) echo "$id: given to somebody else" >&2 ;;
    ,0) report "succeed?fence=$fence" "@$dir/result" ;;
    *) report fail "$(jq -nc --argjson fence "$fence" --argjson code "$code" --arg message "${error:-it ended with $code}" \
      '{$fence, error: {code: "WORK_FAILED", $message}, retryable: ($code != 65)}')" ;;
  esac
}

claim=$(jq -nc --argjson lease "$BIDE_LEASE_MS" '{types: ["count"], wait: 30, leaseMs: $lease, worker: "bash"}')
while [ -z "$stopping" ]; do
  : >"$dir/claim"
  post "$dir/claim" work/claim "$claim" >"$dir/status" & claiming=$!
  wait "$claiming"; claiming=''
  case $(cat "$dir/status") in
    200) job=$(jq -c '.jobs[0] // empty' "$dir/claim") && [ -n "$job" ] && run "$job" ;;
    000 | 429 | 5??) [ -n "$stopping" ] || sleep 1 ;;
    4??) cat "$dir/claim" >&2; exit 1 ;; # Key, type or request: trying again changes nothing.
  esac
done
