<?php
/**
 * A worker for Bide in PHP 8, with the curl extension where it is there, else with PHP's own streams. It takes jobs of the type `count`,
 * one at a time; start more of it for more at once.
 *
 *   BIDE_URL=http://127.0.0.1:7070 BIDE_KEY=bide_… php worker.php
 *
 * SIGTERM or ^C (with the pcntl extension): it takes no more jobs, finishes the one that runs, and ends.
 */
declare(strict_types=1);

const CLAIM_HOLD_S = 10;

// --- The work. It calls $beat where it can stop: that keeps the lease, says how far it is, and throws when the job is to end.

final class WrongInput extends Exception {} // Not tried again.

function work(mixed $input, callable $beat): mixed
{
    $to = is_array($input) ? $input['to'] ?? null : null;
    if (!is_int($to) || $to < 0) throw new WrongInput('"to" must be a whole number');
    $pauseMs = $input['pauseMs'] ?? 100;
    for ($n = 1; $n <= $to; $n++) {
        pause($pauseMs, $beat);
        $beat(100 * $n / $to, "$n of $to");
    }
    return ['counted' => $to, 'by' => 'php'];
}

/** In slices: PHP does one thing at a time, so whatever takes long has to come back to $beat now and then. */
function pause(int $ms, callable $beat): void
{
    for (; $ms > 0; $ms -= 100) {
        usleep(min($ms, 100) * 1000);
        $beat();
    }
}

// --- The protocol

final class Cancelled extends Exception {}
final class Lost extends Exception {}

/** @return array{int, mixed} the status, 0 where nobody answered, and what the answer says */
function post(string $path, mixed $body, int $holdS = 0): array
{
    $url = rtrim(getenv('BIDE_URL') ?: 'http://127.0.0.1:7070', '/') . "/v1/$path";
    $headers = ['Authorization: Bearer ' . getenv('BIDE_KEY'), 'Content-Type: application/json'];
    $text = json_encode($body, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION);
    [$status, $answer] = function_exists('curl_init')
        ? postByCurl($url, $headers, $text, 10 + $holdS)
        : postByStream($url, $headers, $text, 10 + $holdS);
    return [$status, json_decode($answer, true)];
}

function postByCurl(string $url, array $headers, string $text, int $timeoutS): array
{
    static $curl = null; // Kept, so that the connection is.
    $curl ??= curl_init();
    curl_setopt_array($curl, [
        CURLOPT_URL => $url,
        CURLOPT_HTTPHEADER => $headers,
        CURLOPT_POSTFIELDS => $text,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => $timeoutS,
        // Asked once a second: a stop ends a held claim, and nothing else.
        CURLOPT_NOPROGRESS => false,
        CURLOPT_XFERINFOFUNCTION => fn() => isStopping() && str_ends_with($url, '/claim') ? 1 : 0,
    ]);
    $answer = curl_exec($curl);
    return $answer === false ? [0, ''] : [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $answer];
}

function postByStream(string $url, array $headers, string $text, int $timeoutS): array
{
    $http = ['method' => 'POST', 'header' => $headers, 'content' => $text, 'timeout' => $timeoutS, 'ignore_errors' => true];
    $answer = @file_get_contents($url, false, stream_context_create(['http' => $http]));
    if ($answer === false || !preg_match('~^HTTP/\S+ (\d+)~', $http_response_header[0] ?? '', $line)) return [0, ''];
    return [(int) $line[1], $answer];
}

/** True for what passes by itself: nobody answers, too many requests, a server that starts or stops. */
function passes(int $status): bool
{
    return $status === 0 || $status === 429 || $status >= 500;
}

/** What the work calls: sends progress at once, and else a heartbeat when a third of the lease is over. */
function beatOf(array $job, int $leaseMs): callable
{
    $sentAt = $goodAt = microtime(true);
    return function (?float $percent = null, ?string $message = null) use ($job, $leaseMs, &$sentAt, &$goodAt): void {
        if ($percent === null && microtime(true) - $sentAt < $leaseMs / 3000) return;
        $progress = $percent === null ? [] : ['progress' => ['percent' => $percent, 'message' => $message]];
        [$status, $answer] = post("work/{$job['id']}/heartbeat", ['fence' => $job['fence'], 'leaseMs' => $leaseMs, ...$progress]);
        $sentAt = microtime(true);
        if ($status === 200) $goodAt = $sentAt;
        if ($status === 200 && $answer['cancelRequested']) throw new Cancelled('stopped by a cancel');
        if (!passes($status) && $status !== 200 || $sentAt - $goodAt > $leaseMs / 1000) throw new Lost();
    };
}

function run(array $job, int $leaseMs): void
{
    try {
        $outcome = ["succeed?fence={$job['fence']}", work($job['input'], beatOf($job, $leaseMs))];
    } catch (Lost) {
        fwrite(STDERR, "{$job['id']}: given to somebody else\n");
        return;
    } catch (Throwable $error) {
        $failure = ['code' => $error instanceof Cancelled ? 'CANCELLED' : 'WORK_FAILED', 'message' => $error->getMessage()];
        $outcome = ['fail', ['fence' => $job['fence'], 'error' => $failure, 'retryable' => !$error instanceof WrongInput]];
    }
    [$how, $body] = $outcome;
    // Again and again where nobody answers, as long as a lease lasts.
    for ($until = microtime(true) + $leaseMs / 1000; ; sleep(1)) {
        [$status, $answer] = post("work/{$job['id']}/$how", $body);
        if ($status === 200) return;
        if (!passes($status) || microtime(true) > $until) break;
    }
    fwrite(STDERR, "{$job['id']}: $status " . json_encode($answer) . "\n");
}

function isStopping(?bool $now = null): bool
{
    static $is = false;
    return $is = $now ?? $is;
}

function fail(string $message): never
{
    fwrite(STDERR, "$message\n");
    exit(1);
}

if (getenv('BIDE_KEY') === false) fail('BIDE_KEY is missing: make one with  bide keys create --scope work');
if (function_exists('pcntl_async_signals')) {
    pcntl_async_signals(true);
    foreach ([SIGTERM, SIGINT] as $signal) pcntl_signal($signal, fn() => isStopping(true));
}
$leaseMs = (int) (getenv('BIDE_LEASE_MS') ?: 15000);
while (!isStopping()) {
    [$status, $answer] = post('work/claim', ['types' => ['count'], 'wait' => CLAIM_HOLD_S, 'leaseMs' => $leaseMs, 'worker' => 'php'], CLAIM_HOLD_S);
    if ($status === 200) foreach ($answer['jobs'] as $job) run($job, $leaseMs);
    elseif (!passes($status)) fail("$status " . json_encode($answer)); // Key, type or request: trying again changes nothing.
    elseif (!isStopping()) sleep(1);
}
