"""The worker against a real server."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import threading
import unittest
from typing import Any

from bide import BideError, Bytes, Context, RetryLater, Worker

from .server import CARRIER, client, server, worker
from .test_client import TEXT, running

#: Seconds; longer on a machine that is said to be busy.
PATIENCE = 30 * int(os.environ.get("BIDE_PATIENCE", "1"))


class Handlers(unittest.TestCase):
    def setUp(self) -> None:
        self.client = client()
        self.addCleanup(self.client.close)

    def test_functions_and_coroutines_give_results_of_every_kind(self) -> None:
        far = worker()
        big = os.urandom(3_000_000)
        returned = {
            "json": {"text": TEXT, "n": 2**64 + 1, "f": 0.1},
            "bytes": b"\x00\xff",
            "typed": Bytes(b"<p>\xc3\xbc</p>", "text/html"),
            "big": big,
            "nothing": None,
            "envelope": {"bytes": "AAAA", "contentType": "image/png"},
        }

        @far.handler("far", concurrency=3)
        def plain(input: Any, context: Context) -> Any:
            return returned[input]

        @far.handler("slow", concurrency=3)
        async def coroutine(input: Any, context: Context) -> Any:
            await asyncio.sleep(0)
            return returned[input]

        with running(far):
            for type in ("far", "slow"):
                for name, value in returned.items():
                    got = self.client.run(type, name, timeout=PATIENCE)
                    self.assertEqual(got, value.data if isinstance(value, Bytes) else value, name)
            job = self.client.submit("far", "typed")
            self.client.wait(job["id"], PATIENCE)
            with self.client.open_result(job["id"]) as result:
                self.assertEqual((result.content_type, result.bytes_total), ("text/html", 9))
                self.assertEqual(result.read(), b"<p>\xc3\xbc</p>")
            job = self.client.submit("far", "big")
            self.client.wait(job["id"], PATIENCE)
            digest = hashlib.sha256()
            with self.client.open_result(job["id"]) as result:
                sizes = [digest.update(chunk) or len(chunk) for chunk in result]
            self.assertEqual((sum(sizes), digest.hexdigest()), (len(big), hashlib.sha256(big).hexdigest()))
            self.assertGreater(len(sizes), 1)

    def test_what_is_raised_fails_the_attempt_and_is_tried_again(self) -> None:
        far = worker()

        @far.handler("odd")
        def odd(input: Any, context: Context) -> Any:
            if input == "set":
                return {1, 2}
            if context.attempt == 1:
                raise KeyError("page")
            return context.attempt

        with running(far):
            job = self.client.submit("odd", retry={"attempts": 2, "backoffMs": 0})
            self.assertEqual(self.client.wait(job["id"], PATIENCE)["result"], 2)
            self.assertEqual(
                self.client.attempts(job["id"])[0]["error"], {"code": "HANDLER_FAILED", "message": "KeyError: 'page'"}
            )
            job = self.client.wait(self.client.submit("odd", "set")["id"], PATIENCE)
            self.assertEqual((job["error"]["code"], job["attempt"]), ("RESULT_NOT_JSON", 1))

    def test_whatever_a_handler_ends_with_ends_its_attempt_alone(self) -> None:
        far = worker()
        later = RetryLater(1)
        later.seconds = float("inf")
        ends: dict[str, Any] = {"exit": SystemExit(3), "odd": later}

        def end(input: Any, context: Context) -> Any:
            if input in ends:
                raise ends[input]
            return Bytes("no bytes")  # type: ignore[arg-type]

        @far.handler("slow", concurrency=4)
        async def coroutine(input: Any, context: Context) -> Any:
            return end(input, context)

        far.handler("far", concurrency=4)(end)
        with running(far):
            for type in ("slow", "far"):
                told = (("exit", "SystemExit: 3"), ("odd", "cannot be read"), ("text", "Bytes takes bytes"))
                for input, said in told:
                    job = self.client.submit(type, input, retry={"attempts": 1})
                    error = self.client.wait(job["id"], PATIENCE)["error"]
                    self.assertEqual(error["code"], "HANDLER_FAILED")
                    self.assertIn(said, error["message"])

    def test_long_lines_arrive_however_many_are_said_at_once(self) -> None:
        far = worker()

        @far.handler("far")
        def plain(input: Any, context: Context) -> Any:
            for at in range(10):
                context.log("x" * 150_000, at=at)

        with running(far):
            job = self.client.submit("far")["id"]
            self.client.wait(job, PATIENCE)
            self.assertEqual([line["fields"]["at"] for line in self.client.logs(job)], list(range(10)))

    def test_retry_later_gives_back_and_counts_as_no_attempt(self) -> None:
        far = worker()
        seen: list[int] = []

        @far.handler("later")
        def later(input: Any, context: Context) -> Any:
            seen.append(context.attempt)
            if len(seen) == 1:
                raise RetryLater(0.05)
            return "now"

        with running(far):
            self.assertEqual(self.client.run("later", timeout=PATIENCE), "now")
        self.assertEqual(seen, [1, 1])

    def test_progress_log_and_output_arrive_before_the_end(self) -> None:
        far = worker()
        ready = threading.Event()

        @far.handler("told")
        def told(input: Any, context: Context) -> Any:
            for at in range(250):
                context.log(f"{TEXT} {at}", level="warn" if at == 249 else "info", at=at, odd=object)
                context.emit({"at": at})
            context.progress(0.5, "half")
            ready.wait(PATIENCE)
            return None

        with running(far):
            job = self.client.submit("told")["id"]
            chunks = []
            for chunk in self.client.output(job, follow=True, timeout=PATIENCE):
                chunks.append(chunk["chunk"]["at"])
                if len(chunks) == 250:
                    for seen in self.client.events(job, timeout=PATIENCE):
                        if seen["progress"] == {"percent": 50, "message": "half"}:
                            break
                    ready.set()
            self.assertEqual(chunks, list(range(250)))
            lines = list(self.client.logs(job))
            self.assertEqual([line["fields"]["at"] for line in lines], list(range(250)))
            self.assertEqual(lines[0]["line"].rstrip(" 0")[:2], TEXT[:2])
            self.assertEqual([line["fields"]["at"] for line in self.client.logs(job, level="warn")], [249])

    def test_a_handler_sees_the_trace_and_the_parents_of_its_job(self) -> None:
        far = worker()
        trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

        @far.handler("far")
        def plain(input: Any, context: Context) -> Any:
            return [context.traceparent, context.tracestate, [job["result"] for job in context.parents()]]

        @far.handler("slow")
        async def coroutine(input: Any, context: Context) -> Any:
            return [context.traceparent, context.tracestate, [job["result"] for job in await context.parents()]]

        with running(far):
            before = self.client.submit("echo", "before")["id"]
            for type in ("far", "slow"):
                traced = {"traceparent": trace, "tracestate": "a=1"}
                parent, state, results = self.client.run(type, after=[before], timeout=PATIENCE, **traced)
                self.assertEqual((parent[:36], state, results), (trace[:36], "a=1", ["before"]))
                self.assertEqual(self.client.run(type, timeout=PATIENCE), [None, None, []])

    def test_a_cancelled_worker_gives_back_what_runs(self) -> None:
        far = worker(grace=PATIENCE)
        started = threading.Event()

        @far.handler("slow")
        async def coroutine(input: Any, context: Context) -> Any:
            started.set()
            await asyncio.Event().wait()

        async def run() -> None:
            task = asyncio.create_task(far.run_async())
            await asyncio.to_thread(started.wait, PATIENCE)
            task.cancel()
            with self.assertRaises(asyncio.CancelledError):
                await task

        job = self.client.submit("slow")["id"]
        asyncio.run(run())
        self.assertIn(self.client.get(job)["state"], ("queued", "scheduled"))
        again = worker()
        again.handler("slow")(lambda input, context: context.attempt)
        with running(again):
            self.assertEqual(self.client.wait(job, PATIENCE)["result"], 1)

    def test_generators_emit_what_they_yield(self) -> None:
        far = worker()

        @far.handler("far")
        def words(input: Any, context: Context) -> Any:
            yield "a"
            yield "b"
            return "ab"

        with running(far):
            job = self.client.submit("far")["id"]
            self.assertEqual(
                [chunk["chunk"] for chunk in self.client.output(job, follow=True, timeout=PATIENCE)], ["a", "b"]
            )
            self.assertEqual(self.client.wait(job, PATIENCE)["result"], "ab")

    def test_a_job_waits_for_a_signal_without_a_slot(self) -> None:
        far = worker()
        handled: list[int] = []

        @far.handler("parked")
        def parked(input: Any, context: Context) -> Any:
            handled.append(context.attempt)
            try:
                answer = context.wait_for_signal("approval", timeout=600)
            except Exception:
                return "it was caught"
            return answer

        with running(far):
            job = self.client.submit("parked")["id"]
            for seen in self.client.events(job, timeout=PATIENCE):
                if seen.get("waitingFor", {}).get("signal") == "approval":
                    break
            self.client.signal(job, "approval", {"by": TEXT})
            self.assertEqual(self.client.wait(job, PATIENCE)["result"], {"by": TEXT})
        self.assertEqual(handled, [1, 1])

    def test_a_cancel_reaches_functions_and_coroutines(self) -> None:
        far = worker()
        reasons: list[Any] = []

        @far.handler("far")
        def plain(input: Any, context: Context) -> Any:
            context.progress(0.1)
            context.cancelled.wait(PATIENCE)
            reasons.append(context.reason)
            return "late"

        @far.handler("slow")
        async def coroutine(input: Any, context: Context) -> Any:
            context.progress(0.1)
            try:
                await asyncio.sleep(PATIENCE)
            except asyncio.CancelledError:
                reasons.append(context.reason)
                raise

        with running(far):
            for type, end in (("far", "succeeded"), ("slow", "cancelled")):
                job = self.client.submit(type)["id"]
                for seen in self.client.events(job, timeout=PATIENCE):
                    if seen["progress"]["percent"] == 10:
                        break
                self.assertEqual(self.client.cancel(job, wait=20)["state"], end)
        self.assertEqual(reasons, ["cancel", "cancel"])

    def test_a_lost_lease_is_noticed_and_its_result_is_dropped(self) -> None:
        far = worker(lease=1.0)
        started, lost = threading.Event(), threading.Event()
        fences: list[int] = []

        @far.handler("lost", concurrency=2)
        def handle(input: Any, context: Context) -> Any:
            fences.append(context.job["fence"])
            if len(fences) > 1:
                return "second"
            started.set()
            context.cancelled.wait(PATIENCE)
            if context.lost:
                lost.set()
            return "first"

        with running(far):
            job = self.client.submit("lost")["id"]
            self.assertTrue(started.wait(PATIENCE))
            # As when its lease ran out while it could not reach the server.
            with contextlib.suppress(BideError):  # on a busy machine that has happened already
                self.client.call("POST", f"/v1/work/{job}/release", {"fence": fences[0], "closeMs": 1})
            self.assertTrue(lost.wait(PATIENCE))
            self.assertEqual(self.client.wait(job, PATIENCE)["result"], "second")
        self.assertEqual(self.client.result(job), "second")

    def test_a_result_outlives_a_restart_of_the_server(self) -> None:
        far = worker(lease=30.0)
        started, go = threading.Event(), threading.Event()

        @far.handler("away")
        def away(input: Any, context: Context) -> Any:
            started.set()
            go.wait(PATIENCE)
            return "done"

        with running(far):
            job = self.client.submit("away")["id"]
            self.assertTrue(started.wait(PATIENCE))
            server().end()
            go.set()
            server().start()
            done = self.client.wait(job, 60)
            self.assertEqual((done["result"], done["attempt"]), ("done", 1))

    def test_2000_jobs_by_one_worker(self) -> None:
        far = worker()
        threads: set[int] = set()

        @far.handler("many", concurrency=8)
        def many(input: Any, context: Context) -> Any:
            threads.add(threading.get_ident())
            return input * 2

        items = self.client.submit_many({"type": "many", "input": at} for at in range(2_000))
        with running(far):
            done = self.client.wait_many([item["job"]["id"] for item in items], 120)
        self.assertEqual([job["result"] for job in done], [at * 2 for at in range(2_000)])
        self.assertEqual({job["attempt"] for job in done}, {1})
        self.assertLessEqual(len(threads), 8)

    def test_a_server_that_refuses_the_worker_ends_it(self) -> None:
        refused = Worker(server().url, "bide_000000000000_wrong", transport=CARRIER)
        refused.handler("far")(lambda input, context: None)
        with self.assertRaisesRegex(Exception, "UNAUTHORIZED|KEY"):
            refused.run()
        unknown = worker()
        unknown.handler("nobody-knows")(lambda input, context: None)
        with self.assertRaisesRegex(Exception, "TYPE_UNKNOWN"):
            unknown.run()
