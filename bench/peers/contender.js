/**
 * One contender in a process of its own: `node <contender> <role> <url> <jobs> <mode>`; the answer is one line of JSON.
 *
 *   fill    stores `jobs` no-op jobs, by whatever is fastest; not measured
 *   burn    from the start of one worker until every job is recorded as done: seconds
 *   submit  64 callers, one job per call, each awaits that its job is stored: seconds
 *
 * `contender.burn` calls `done` per handler call; how far the records are is asked of the table, when the handlers have run.
 */
import pg from 'pg';

const CALLERS = 64;
/** Between two looks at the table after the last handler ran. */
const LOOK_MS = 5;

/** @param contender what the three roles call; its `unfinished` counts the jobs that are not recorded as done */
export async function contend(contender) {
  const [role, url, jobs, mode] = process.argv.slice(2);
  const count = Number(jobs);
  if (role === 'fill') await contender.fill(url, count);
  if (role === 'burn') say(await burn(contender, { url, count, mode }));
  if (role === 'submit') say(await submit(contender, { url, count }));
  process.exit(0);
}

async function burn(contender, { url, count, mode }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const handled = Promise.withResolvers();
  let calls = 0;
  const startedAt = performance.now();
  const stop = await contender.burn(url, mode, () => {
    calls += 1;
    if (calls === count) handled.resolve();
  });
  await handled.promise;
  for (;;) {
    const { rows } = await client.query(contender.unfinished);
    if (rows[0].jobs === 0) break;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  const cpu = process.cpuUsage();
  await stop();
  await client.end();
  return { seconds, calls, cpuSeconds: (cpu.user + cpu.system) / 1_000_000 };
}

async function submit(contender, { url, count }) {
  const submitter = await contender.submitter(url);
  await Promise.all(Array.from({ length: CALLERS }, () => submitter.submit()));
  let left = count;
  const startedAt = performance.now();
  const times = [];
  const caller = async () => {
    while (left > 0) {
      left -= 1;
      const at = performance.now();
      await submitter.submit();
      times.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  const seconds = (performance.now() - startedAt) / 1_000;
  times.sort((a, b) => a - b);
  await submitter.close();
  const cpu = process.cpuUsage();
  return {
    seconds,
    cpuSeconds: (cpu.user + cpu.system) / 1_000_000,
    p50: times[Math.floor(count * 0.5)],
    p99: times[Math.floor(count * 0.99)],
  };
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
