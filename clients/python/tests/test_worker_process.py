"""The worker in a process of its own: how it is stopped, and what becomes of its jobs when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import unittest

from .server import CARRIER, client, server, worker
from .test_client import running

#: Seconds; longer on a machine that is said to be busy.
PATIENCE = 30 * int(os.environ.get("BIDE_PATIENCE", "1"))

SCRIPT = """
import sys, time
from bide import Worker
worker = Worker(name="in-a-process", lease=float(sys.argv[1]), grace=float(sys.argv[2]), transport=sys.argv[3])
@worker.handler("stopped", "killed", concurrency=2)
def handle(input, context):
    print("started", context.attempt, flush=True)
    if context.attempt == 1 and input == "sleeps":
        context.cancelled.wait(60)
    sys.stdin.readline()
    return context.attempt
worker.run()
print("ended", flush=True)
"""


class Processes(unittest.TestCase):
    def setUp(self) -> None:
        self.client = client()
        self.addCleanup(self.client.close)

    def process(self, lease: float, grace: float) -> subprocess.Popen[str]:
        env = {**os.environ, "BIDE_URL": server().url, "BIDE_KEY": server().key}
        command = [sys.executable, "-c", SCRIPT, str(lease), str(grace), CARRIER]
        process = subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.end, process)
        return process

    def end(self, process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()

    def line(self, process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline().strip()

    def test_SIGTERM_lets_what_runs_end(self) -> None:
        process = self.process(lease=30, grace=30)
        job = self.client.submit("stopped")["id"]
        self.assertEqual(self.line(process), "started 1")
        process.send_signal(signal.SIGTERM)
        assert process.stdin is not None
        process.stdin.write("go on\n")
        process.stdin.flush()
        self.assertEqual(self.line(process), "ended")
        self.assertEqual(process.wait(PATIENCE), 0)
        self.assertEqual(self.client.wait(job, PATIENCE)["result"], 1)

    def test_what_does_not_end_in_time_is_given_back_at_once_and_counts_as_no_attempt(self) -> None:
        process = self.process(lease=60, grace=0.1)
        job = self.client.submit("stopped")["id"]
        self.assertEqual(self.line(process), "started 1")
        process.send_signal(signal.SIGINT)
        self.assertEqual(self.line(process), "ended")
        self.assertEqual(process.wait(PATIENCE), 0)
        again = worker()
        again.handler("stopped")(lambda input, context: context.attempt)
        with running(again):
            self.assertEqual(self.client.wait(job, PATIENCE)["result"], 1)

    def test_the_job_of_a_killed_worker_comes_back_when_its_lease_is_over(self) -> None:
        process = self.process(lease=1, grace=30)
        job = self.client.submit("killed")["id"]
        self.assertEqual(self.line(process), "started 1")
        process.kill()
        again = worker()
        again.handler("killed")(lambda input, context: context.attempt)
        with running(again):
            done = self.client.wait(job, PATIENCE)
        self.assertEqual((done["state"], done["result"]), ("succeeded", 2))
