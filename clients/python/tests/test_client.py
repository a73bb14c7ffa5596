"""The clients against a real server."""

from __future__ import annotations

import asyncio
import os
import threading
import unittest
from typing import Any

from bide import BideError, Client, JobFailed, WaitTimeout, WorkError

from .server import CARRIER, async_client, client, server, worker

TEXT = "ü 日本 🎉 \u2028 \x00 'quoted' \\"

#: Characters. Over httpx2 the answer to a body that the server stops reading may be lost with the connection.
LARGE = (1_200_000, 40_000_000) if CARRIER == "standard" else (1_200_000,)


class Jobs(unittest.TestCase):
    def setUp(self) -> None:
        self.client = client()
        self.addCleanup(self.client.close)

    def test_run_gives_the_result_as_it_was_sent(self) -> None:
        value = {"text": TEXT, "list": [1, 2.5, None, True], TEXT: {}}
        self.assertEqual(self.client.run("echo", value, timeout=30), value)
        for empty in (None, 0, "", [], {}):
            self.assertEqual(self.client.run("echo", empty, timeout=30), empty)

    def test_run_raises_JobFailed_with_the_error_of_the_job(self) -> None:
        failing = worker()

        @failing.handler("odd")
        def odd(input: Any, context: Any) -> None:
            raise WorkError("PAGE_BLANK", f"nothing on {input}", retryable=False, details={"page": 3})

        with running(failing), self.assertRaises(JobFailed) as raised:
            self.client.run("odd", TEXT, timeout=30)
        error = raised.exception
        self.assertEqual((error.code, error.job["state"], error.details), ("PAGE_BLANK", "failed", {"page": 3}))
        self.assertIn(TEXT, error.message)

    def test_run_raises_WaitTimeout_and_the_job_goes_on(self) -> None:
        with self.assertRaises(WaitTimeout) as raised:
            self.client.run("sleep", {"ms": 600}, timeout=0.05)
        self.assertEqual(self.client.wait(raised.exception.job["id"], 30)["state"], "succeeded")

    def test_the_same_key_gives_the_same_job_and_another_request_is_refused(self) -> None:
        first = self.client.submit("echo", 1, idempotency_key="py-once", delay=3_600)
        self.assertEqual(self.client.submit("echo", 1, idempotency_key="py-once", delay=3_600)["id"], first["id"])
        self.assertEqual(
            self.code(lambda: self.client.submit("echo", 2, idempotency_key="py-once")), "IDEMPOTENCY_MISMATCH"
        )

    def test_a_key_may_be_any_text(self) -> None:
        first = self.client.submit("echo", 1, idempotency_key=TEXT, delay=3_600)
        self.assertEqual(self.client.submit("echo", 1, idempotency_key=TEXT, delay=3_600)["id"], first["id"])
        with self.assertRaisesRegex(ValueError, "traceparent cannot carry"):
            self.client.submit("echo", traceparent="a\r\nb")

    def test_what_is_too_large_is_refused_by_the_server(self) -> None:
        for length in LARGE:
            error = self.error(lambda length=length: self.client.submit("echo", "x" * length))
            self.assertEqual((error.status, error.code), (413, "BODY_TOO_LARGE"))

    def test_wait_many_takes_more_than_one_request_does(self) -> None:
        jobs = [{"type": "echo", "input": at, "tags": {"of": "many"}} for at in range(1_050)]
        items = self.client.submit_many([*jobs, {"type": "none"}])
        self.assertEqual(items[-1]["error"]["code"], "TYPE_UNKNOWN")
        ids = [item["job"]["id"] for item in items[:-1]]
        done = self.client.wait_many([*ids, ids[0], "01900000-0000-7000-8000-000000000000"], 60)
        self.assertEqual([job["result"] for job in done[:-1]], [*range(1_050), 0])
        self.assertEqual(done[-1], {"id": "01900000-0000-7000-8000-000000000000", "state": "unknown"})
        listed = [
            job["id"] for job in self.client.list(types=["echo"], tags={"of": "many"}, sort="oldest", page_size=500)
        ]
        self.assertEqual(len(listed), 1_050)

    def test_wait_many_for_any_comes_back_with_the_first(self) -> None:
        later = self.client.submit_many({"type": "echo", "delay": 3_600} for _ in range(1_100))
        soon = self.client.submit("sleep", {"ms": 50})["id"]
        jobs = self.client.wait_many([*(item["job"]["id"] for item in later), soon], 30, mode="any")
        self.assertEqual([job["id"] for job in jobs if job["finishedAt"]], [soon])
        with self.assertRaises(WaitTimeout):
            self.client.wait_many([later[0]["job"]["id"]], 0.01, mode="any")

    def test_events_show_every_step_and_the_end_last(self) -> None:
        job = self.client.submit("sleep", {"ms": 300, "steps": 3})
        states = [(seen["state"], seen["revision"]) for seen in self.client.events(job["id"], timeout=30)]
        self.assertEqual(states[-1][0], "succeeded")
        self.assertEqual([revision for _, revision in states], sorted(revision for _, revision in states))
        self.assertEqual(list(self.client.events(job["id"], last_event_id=states[-1][1])), [])

    def test_cancel_stops_a_job_and_says_so(self) -> None:
        job = self.client.submit("sleep", {"ms": 60_000})
        self.assertEqual(self.client.cancel(job["id"], wait=20)["state"], "cancelled")
        self.assertEqual(self.client.wait(job["id"])["state"], "cancelled")
        self.assertEqual(self.code(lambda: self.client.result(job["id"])), "RESULT_NONE")
        self.client.remove(job["id"])
        self.assertIn(
            self.code(lambda: self.client.get(job["id"])), ("JOB_REMOVED", "JOB_NOT_FOUND", "JOB_GONE", "JOB_UNKNOWN")
        )

    def test_errors_say_what_to_do(self) -> None:
        self.assertIn("far", self.error(lambda: self.client.submit("nope")).details["types"])
        self.assertIn("/priority", self.error(lambda: self.client.submit("echo", priority=1_000)).message)
        self.assertEqual(self.code(lambda: self.client.get("../../v1/types")), self.code(lambda: self.client.get("x")))
        with self.assertRaisesRegex(TypeError, "takes no 'prority'.*priority"):
            self.client.submit("echo", prority=1)
        with self.assertRaisesRegex(TypeError, "cannot be sent as JSON"):
            self.client.submit("echo", {1, 2})
        with self.assertRaisesRegex(TypeError, "NaN|nan|JSON compliant"):
            self.client.submit("echo", float("nan"))
        with self.assertRaisesRegex(TypeError, "job\\['id'\\]"):
            self.client.get({"id": "x"})

    def test_a_token_reads_and_follows_its_job_and_nothing_else(self) -> None:
        job = self.client.submit("sleep", {"ms": 100})["id"]
        other = self.client.submit("echo")["id"]
        token = self.client.token(job, ttl_ms=60_000)
        self.assertRegex(token["expiresAt"], "^20")
        with Client(server().url, token["token"], transport=CARRIER) as page:
            self.assertEqual([seen["state"] for seen in page.events(job, timeout=30)][-1], "succeeded")
            self.assertEqual(page.wait(job, 30)["id"], job)
            self.assertIn(self.error(lambda: page.get(other)).status, (403, 404))
            self.assertIn(self.error(lambda: page.cancel(job)).status, (401, 403, 404))

    def test_call_reaches_the_rest_of_the_API(self) -> None:
        names = [one["name"] for one in self.client.call("GET", "/v1/types")["types"]]
        self.assertIn("echo", names)
        counts = self.client.call("GET", "/v1/counts", query={"type": "echo"})
        self.assertIn("total", counts)

    def test_two_threads_share_one_client(self) -> None:
        results: list[Any] = []

        def ask(name: int) -> None:
            results.extend(self.client.run("echo", [name, at], timeout=30) == [name, at] for at in range(25))

        threads = [threading.Thread(target=ask, args=[name]) for name in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(results, [True] * 50)

    def test_a_fork_uses_the_client_of_its_parent_without_its_connections(self) -> None:
        self.assertEqual(self.client.run("echo", "before", timeout=30), "before")
        pid = os.fork()
        if pid == 0:
            try:
                os._exit(0 if all(self.client.run("echo", at, timeout=30) == at for at in range(20)) else 1)
            finally:
                os._exit(2)
        self.assertTrue(all(self.client.run("echo", -at, timeout=30) == -at for at in range(20)))
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0)

    def test_a_wait_outlives_a_restart_of_the_server(self) -> None:
        job = self.client.submit("echo", "still here", delay=2)
        held = self.client.submit("echo", delay=3_600)
        seen: list[Any] = []
        events = threading.Thread(target=lambda: seen.extend(self.client.events(job["id"], timeout=60)))
        waits = threading.Thread(target=lambda: seen.append(self.client.wait_many([job["id"]], 60)[0]))
        for thread in (events, waits):
            thread.start()
        self.assertEqual(self.client.get(held["id"])["state"], "scheduled")
        server().end()
        server().start()
        self.assertEqual(self.client.wait(job["id"], 60)["result"], "still here")
        for thread in (events, waits):
            thread.join()
        self.assertEqual({one["state"] for one in seen[-2:]}, {"succeeded"})

    def error(self, call: Any) -> BideError:
        with self.assertRaises(BideError) as raised:
            call()
        return raised.exception

    def code(self, call: Any) -> str:
        return self.error(call).code


class AsyncJobs(unittest.IsolatedAsyncioTestCase):
    async def test_a_hundred_at_once(self) -> None:
        async with async_client() as bide:
            results = await asyncio.gather(*(bide.run("echo", [TEXT, at], timeout=60) for at in range(100)))
        self.assertEqual(results, [[TEXT, at] for at in range(100)])

    async def test_events_list_and_logs_are_iterated(self) -> None:
        async with async_client() as bide:
            job = await bide.submit("sleep", {"ms": 200, "steps": 2}, tags={"of": "async"})
            states = [seen["state"] async for seen in bide.events(job["id"], timeout=30)]
            self.assertEqual(states[-1], "succeeded")
            self.assertEqual([seen["id"] async for seen in bide.list(tags={"of": "async"})], [job["id"]])
            self.assertEqual([line async for line in bide.logs(job["id"])], [])

    async def test_what_is_too_large_is_refused_by_the_server(self) -> None:
        async with async_client() as bide:
            for length in LARGE:
                with self.assertRaises(BideError) as raised:
                    await bide.submit("echo", "x" * length)
                self.assertEqual(raised.exception.status, 413, raised.exception)

    async def test_wait_many_and_its_end(self) -> None:
        async with async_client() as bide:
            jobs = [await bide.submit("echo", at) for at in range(3)]
            done = await bide.wait_many([job["id"] for job in jobs], 30)
            self.assertEqual([job["result"] for job in done], [0, 1, 2])
            later = await bide.submit("echo", delay=3_600)
            with self.assertRaises(WaitTimeout):
                await bide.wait(later["id"], 0.05)

    def test_one_client_in_one_loop_after_another(self) -> None:
        bide = async_client()
        for at in range(2):
            self.assertEqual(asyncio.run(bide.run("echo", at, timeout=30)), at)
        asyncio.run(bide.aclose())


class running:  # noqa: N801 - reads as a word of the test
    """A worker in a thread, stopped at the end."""

    def __init__(self, worker: Any) -> None:
        self.worker = worker
        self.errors: list[BaseException] = []
        self.thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        try:
            self.worker.run()
        except BaseException as error:
            self.errors.append(error)

    def __enter__(self) -> running:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        while self.thread.is_alive():
            self.worker.stop()
            self.thread.join(1)
        if self.errors:
            raise self.errors[0]
