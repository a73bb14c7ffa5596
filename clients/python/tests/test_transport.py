"""Retries, deadlines and ends of calls, against a server that answers as the test says."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
import threading
import unittest
import warnings
from collections.abc import Callable
from contextlib import closing
from typing import Any

from bide import AsyncClient, BideError, Client, WaitTimeout

from .scripted import HOLD, JOB, Request, Script, ScriptedServer, answer
from .server import CARRIER

PROBLEM = {"code": "OVERLOADED", "title": "Too much at once.", "status": 503, "detail": "Come back."}
PATIENCE = 30


def both(
    script: Script, ask: Callable[[Any], Any], url: str | None = None, **options: Any
) -> list[tuple[Any, list[Request]]]:
    """What `ask` gives, or raises, with the client for threads and with that for asyncio, and the requests that it
    took.
    """
    with ScriptedServer(script) as server, Client(url or server.url, "k", transport=CARRIER, **options) as client:
        threads = (caught(lambda: drained(ask(client))), server.requests)
    with ScriptedServer(script) as server:

        async def run() -> Any:
            async with AsyncClient(url or server.url, "k", transport=CARRIER, **options) as client:
                asked = ask(client)
                return [one async for one in asked] if hasattr(asked, "__aiter__") else await asked

        return [threads, (caught(lambda: asyncio.run(run())), server.requests)]


def drained(asked: Any) -> Any:
    return list(asked) if hasattr(asked, "__next__") else asked


def caught(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except BideError as error:
        return error


class Retries(unittest.TestCase):
    def test_submit_is_tried_again_with_one_key_of_its_own(self) -> None:
        def script(_: Request, number: int) -> bytes:
            first = [answer(503, PROBLEM, {"retry-after": "0"}), answer(429, PROBLEM, {"retry-after": "0.01"}), b""]
            return first[number - 1] if number <= 3 else answer(202)

        for job, requests in both(script, lambda client: client.submit("echo", {"ü": "\ud800"})):
            self.assertEqual(job["id"], "j1")
            keys = {request.headers["idempotency-key"] for request in requests}
            self.assertEqual((len(requests), len(keys)), (4, 1))
            self.assertEqual(json.loads(requests[0].body), {"type": "echo", "input": {"ü": "\ud800"}})

    def test_an_answer_cut_in_its_middle_is_asked_for_again(self) -> None:
        def script(_: Request, number: int) -> bytes:
            return answer(headers={"cut": "yes"})[:-5] if number == 1 else answer()

        for job, requests in both(script, lambda client: client.get("j1")):
            self.assertEqual((job, len(requests)), (JOB, 2))

    def test_a_server_that_asks_for_more_than_half_a_minute_is_left_alone(self) -> None:
        for error, requests in both(
            lambda *_: answer(503, PROBLEM, {"retry-after": "3600"}), lambda client: client.get("j1")
        ):
            self.assertEqual(
                (error.code, error.status, error.retry_after, len(requests)), ("OVERLOADED", 503, 3600.0, 1)
            )
            self.assertEqual(str(error), "OVERLOADED: Too much at once. Come back.")

    def test_what_must_not_be_done_twice_is_tried_once(self) -> None:
        for ask in (lambda client: client.retry("j1"), lambda client: client.remove("j1")):
            for error, requests in both(lambda *_: answer(503, PROBLEM, {"retry-after": "0"}), ask):
                self.assertEqual((error.code, len(requests)), ("OVERLOADED", 1))

    def test_nobody_there_is_UNREACHABLE_and_says_what_to_do(self) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        error = caught(lambda: Client(url, transport=CARRIER, tries=2).get("j1"))
        self.assertEqual((error.code, error.status, error.is_passing), ("UNREACHABLE", None, True))
        self.assertIn("Is the server running there?", error.message)
        for too_long, _ in both(lambda *_: None, lambda client: client.get("j1"), url=f"http://{'a' * 300}.example"):
            self.assertEqual(too_long.code, "UNREACHABLE")

    def test_silence_is_TIMED_OUT(self) -> None:
        for error, requests in both(lambda *_: HOLD, lambda client: client.get("j1"), timeout=0.2, tries=2):
            self.assertEqual((error.code, len(requests)), ("TIMED_OUT", 2))

    def test_a_slow_drip_is_bounded_by_the_deadline_of_the_whole(self) -> None:
        enough = threading.Event()
        self.addCleanup(enough.set)
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:

            def drip() -> None:
                with listener.accept()[0] as connection:
                    connection.recv(65_536)
                    try:
                        connection.sendall(b"HTTP/1.1 200 X\r\ncontent-length: 100000\r\n\r\n")
                        while not enough.wait(0.05):
                            connection.sendall(b" ")
                    except OSError:
                        pass

            threading.Thread(target=drip, daemon=True).start()
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            error = caught(lambda: Client(url, transport=CARRIER, tries=1, timeout=0.5).get("j1"))
            self.assertEqual(error.code, "TIMED_OUT")

    def test_pages_of_others_are_BAD_ANSWER(self) -> None:
        pages = [
            answer(200, b"<html>login</html>"),
            answer(200, {"ok": True}),
            answer(502, b"<html>", {"retry-after": "0"}),
            answer(302, b"", {"location": "https://login.example/"}),
        ]
        for page in pages:
            for error, _ in both(lambda *_, page=page: page, lambda client: client.get("j1"), tries=1):
                self.assertEqual(error.code, "BAD_ANSWER", page)
                self.assertIn("Bide", error.message)

    def test_half_an_answer_and_lengths_that_are_none_leave_no_connection_behind(self) -> None:
        for length in ("100", "abc", "-5", "2, 3"):
            said = f"HTTP/1.1 200 X\r\ncontent-length: {length}\r\ncut: 1\r\n\r\n{{}}".encode()
            with warnings.catch_warnings(record=True) as warned:
                warnings.simplefilter("always")
                for error, _ in both(lambda *_, said=said: said, lambda client: client.get("j1"), tries=2):
                    self.assertIn(error.code, ("UNREACHABLE", "BAD_ANSWER"))
                gc.collect()
            self.assertEqual([str(one.message) for one in warned], [])
        twice = answer(headers={"content-length": str(len(json.dumps(JOB)))})
        for job, _ in both(lambda *_: twice, lambda client: client.get("j1")):
            self.assertEqual(job, JOB)

    def test_a_kept_connection_that_the_server_closed_is_no_failure(self) -> None:
        for calls in (2, 3):
            with (
                ScriptedServer(lambda *_: answer(headers={"cut": "soon"})) as server,
                Client(server.url, transport=CARRIER, tries=1) as client,
            ):
                self.assertEqual([client.get("j1")["id"] for _ in range(calls)], ["j1"] * calls)


class Waits(unittest.TestCase):
    def test_a_wait_asks_again_at_a_walking_pace_and_ends_by_its_deadline(self) -> None:
        running = {**JOB, "state": "running", "finishedAt": None}
        for error, requests in both(lambda *_: answer(200, running), lambda client: client.wait("j1", 0.3)):
            self.assertIsInstance(error, WaitTimeout)
            self.assertIsInstance(error, TimeoutError)
            self.assertEqual((error.job["state"], len(requests)), ("running", 2))

    def test_a_wait_that_has_seen_the_server_rides_out_more_than_a_call_does(self) -> None:
        running = {**JOB, "state": "running", "finishedAt": None}

        def script(_: Request, number: int) -> bytes:
            return (
                answer(200, running)
                if number == 1
                else answer(503, PROBLEM, {"retry-after": "0"})
                if number < 9
                else answer()
            )

        for job, requests in both(script, lambda client: client.wait("j1", 20)):
            self.assertEqual((job["state"], len(requests)), ("succeeded", 9))

    def test_events_go_on_behind_the_last_one_where_the_stream_is_cut_anywhere(self) -> None:
        def event(job: Any) -> bytes:
            return f"retry: 1\nid: {job['revision']}\nevent: job\ndata: {json.dumps(job)}\n\n".encode()

        running = {**JOB, "state": "running", "finishedAt": None, "revision": 2}
        head = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\ncut: yes\r\n\r\n"

        def chunked(data: bytes) -> bytes:
            return b"".join(b"1\r\n" + data[at : at + 1] + b"\r\n" for at in range(len(data)))

        def script(_: Request, number: int) -> bytes:
            first = head + chunked(event(running) + event(JOB)[:-20])
            return first if number == 1 else head + chunked(event(JOB))

        for jobs, requests in both(script, lambda client: client.events("j1", timeout=20)):
            self.assertEqual([job["revision"] for job in jobs], [2, 3])
            self.assertEqual([request.headers.get("last-event-id") for request in requests], [None, "2"])

    def test_events_end_by_their_deadline(self) -> None:
        head = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        opened = threading.Event()

        def script(request: Request, _: int) -> bytes:
            opened.set()
            return head

        for error, _ in both(script, lambda client: client.events("j1", timeout=0.3)):
            self.assertIsInstance(error, WaitTimeout)


class Ends(unittest.TestCase):
    """Whoever is told to stop ends the request at once, and the server sees the connection close."""

    def held(self) -> ScriptedServer:
        server = ScriptedServer(lambda *_: HOLD)
        self.addCleanup(server.__exit__)
        return server

    def assert_closed(self, server: ScriptedServer) -> None:
        self.assertTrue(server.requests[-1].closed.wait(PATIENCE), "the server still has the connection")

    def test_close_from_another_thread_ends_a_wait(self) -> None:
        server = self.held()
        client = Client(server.url, transport=CARRIER)
        ended: list[Any] = []
        waiting = threading.Thread(target=lambda: ended.append(caught(lambda: client.wait("j1"))))
        waiting.start()
        server.arrived.acquire(timeout=PATIENCE)
        client.close()
        waiting.join(PATIENCE)
        self.assertEqual([error.code for error in ended], ["CLOSED"])
        self.assert_closed(server)
        self.assertEqual(caught(lambda: client.get("j1")).code, "CLOSED")

    def test_ctrl_c_ends_a_wait(self) -> None:
        server = self.held()
        client = Client(server.url, transport=CARRIER)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        self.addCleanup(signal.signal, signal.SIGINT, before)

        def interrupt() -> None:
            server.arrived.acquire(timeout=PATIENCE)
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with self.assertRaises(KeyboardInterrupt):
            client.wait("j1")
        self.assert_closed(server)

    def test_a_cancelled_task_ends_its_wait(self) -> None:
        server = self.held()

        async def run() -> None:
            async with AsyncClient(server.url, transport=CARRIER) as client:
                task = asyncio.create_task(client.wait("j1"))
                await asyncio.to_thread(server.arrived.acquire, timeout=PATIENCE)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                await asyncio.to_thread(self.assert_closed, server)

        asyncio.run(run())

    def test_aclose_ends_a_wait(self) -> None:
        server = self.held()

        async def run() -> None:
            client = AsyncClient(server.url, transport=CARRIER)
            task = asyncio.create_task(client.wait("j1"))
            await asyncio.to_thread(server.arrived.acquire, timeout=PATIENCE)
            await client.aclose()
            with self.assertRaises(BideError) as raised:
                await task
            self.assertEqual(raised.exception.code, "CLOSED")
            await asyncio.to_thread(self.assert_closed, server)

        asyncio.run(run())

    def test_leaving_a_stream_of_events_closes_it(self) -> None:
        event = f"id: 2\nevent: job\ndata: {json.dumps({**JOB, 'finishedAt': None})}\n\n".encode()
        head = b"HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        said = head + f"{len(event):x}\r\n".encode() + event + b"\r\n"
        seen = threading.Event()
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:

            def serve() -> None:
                with listener.accept()[0] as connection:
                    connection.recv(65_536)
                    connection.sendall(said)
                    try:
                        connection.recv(1)
                    except OSError:
                        pass
                    seen.set()

            threading.Thread(target=serve, daemon=True).start()
            client = Client(f"http://127.0.0.1:{listener.getsockname()[1]}", transport=CARRIER)
            with closing(client.events("j1")) as jobs:
                self.assertEqual(next(jobs)["id"], "j1")
            self.assertTrue(seen.wait(PATIENCE))

    def test_a_pause_between_tries_ends_as_well(self) -> None:
        server = ScriptedServer(lambda *_: answer(503, PROBLEM, {"retry-after": "25"}))
        self.addCleanup(server.__exit__)
        client = Client(server.url, transport=CARRIER)
        ended: list[Any] = []
        waiting = threading.Thread(target=lambda: ended.append(caught(lambda: client.get("j1"))))
        waiting.start()
        server.arrived.acquire(timeout=PATIENCE)
        client.close()
        waiting.join(PATIENCE)
        self.assertEqual([error.code for error in ended], ["CLOSED"])
