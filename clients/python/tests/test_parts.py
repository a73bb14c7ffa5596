"""The parts that need no server."""

from __future__ import annotations

import math
import typing
import unittest
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from bide import BideError, Client, RetryLater, Worker, WorkError, _json, models
from bide._call import path_of, retry_after_of, seconds_text
from bide._cli.values import duration
from bide._options import list_query, submit_body
from bide._parts import parts_of
from bide._sse import EventParser
from bide._worker.outcome import Failed, Later, outcome_of_error, outcome_of_result


class Parts(unittest.TestCase):
    def test_every_type_of_the_models_is_there(self) -> None:
        types = [one for one in vars(models).values() if typing.is_typeddict(one)]
        self.assertGreater(len(types), 20)
        for one in types:
            typing.get_type_hints(one)
        self.assertLessEqual({"state", "waitingFor"}, typing.get_type_hints(models.Job).keys())

    def test_json_is_exact_both_ways(self) -> None:
        for value in (2**53 + 1, 2**64, -(10**300), "ü\u2028\ud800", {"a": [1.5, None]}):
            self.assertEqual(_json.loads(_json.dumps(value, "x")), value)
        digits = "9" * 5_000
        self.assertEqual(_json.loads(f"[{digits}, 1]"), [Decimal(digits), 1])
        for bad in ("[" * 200_000, "{", "\x00"):
            with self.assertRaises(ValueError):
                _json.loads(bad)
        loop: list[Any] = []
        loop.append(loop)
        for value in (float("nan"), float("inf"), {1}, b"x", loop, object()):
            with self.assertRaisesRegex(TypeError, "cannot be sent as JSON"):
                _json.dumps(value, "It")

    def test_events_are_read_however_they_are_cut(self) -> None:
        text = (
            ": hi\r\nid: 7\r\nevent: job\r\ndata: ü\r\ndata: b\r\n\r\nretry: 250\n\nid: 8\ndata\rdata:x\r\rdata: open"
        )
        for size in range(1, 9):
            parser = EventParser(1_000)
            data = text.encode()
            events = [event for at in range(0, len(data), size) for event in parser.read(data[at : at + size])]
            self.assertEqual([(e.name, e.id, e.data) for e in events], [("job", "7", "ü\nb"), ("message", "8", "\nx")])
            self.assertEqual((parser.retry, parser.last_id), (0.25, "8"))

    def test_an_event_without_an_end_is_bounded_and_read_in_linear_time(self) -> None:
        parser = EventParser(1_000_000)
        with self.assertRaisesRegex(ValueError, "1000000 characters"):
            for _ in range(200_000):
                list(parser.read(b"data: x"))

    def test_ids_reach_no_other_route(self) -> None:
        self.assertEqual(path_of("../types?x=1#", "result"), "/v1/jobs/..%2Ftypes%3Fx%3D1%23/result")

    def test_retry_after_is_seconds_or_a_date(self) -> None:
        at = datetime(2026, 1, 31, 12, 0, 30, tzinfo=timezone.utc).timestamp()
        self.assertEqual(retry_after_of("2.5", at), 2.5)
        self.assertEqual(retry_after_of("Sat, 31 Jan 2026 12:01:00 GMT", at), 30.0)
        self.assertEqual([retry_after_of(text, at) for text in (None, "", "soon", "-1")], [None] * 4)

    def test_times_are_said_in_the_words_of_the_API(self) -> None:
        options = {"delay": 1.0005, "run_at": datetime(2026, 1, 2, tzinfo=timezone.utc), "tags": None}
        body = {"type": "t", "input": 1, "delayMs": 1001, "runAt": "2026-01-02T00:00:00.000Z"}
        self.assertEqual(submit_body("t", 1, options), body)
        self.assertEqual([seconds_text(s) for s in (0, 0.0001, 30, 1.5)], ["0", "0.001", "30", "1.5"])
        self.assertEqual(
            list_query({"states": ["failed"], "tags": {"a:b\\": "c"}}), [("state", "failed"), ("tag", "a\\:b\\\\:c")]
        )
        self.assertEqual(
            [duration(text) for text in ("500ms", "1.5s", "2m", "1h", "1d")], [0.5, 1.5, 120, 3_600, 86_400]
        )

    def test_a_bulk_is_split_by_count_and_by_bytes(self) -> None:
        self.assertEqual([len(part) for part in parts_of({"type": "t"} for _ in range(2_500))], [1_000, 1_000, 500])
        sizes = [sum(map(len, part)) for part in parts_of({"type": "t", "input": "x" * 300_000} for _ in range(7))]
        self.assertEqual(len(sizes), 4)
        self.assertLess(max(sizes), 1_000_000)

    def test_outcomes_follow_what_is_raised(self) -> None:
        class Silent(Exception):
            def __str__(self) -> str:
                raise RuntimeError

        self.assertEqual(outcome_of_error(RetryLater(0.0001)), Later(1))
        self.assertEqual(outcome_of_error(WorkError("C", "m", retryable=False, details={1})), Failed("C", "m", False))
        self.assertEqual(outcome_of_error(Silent()), Failed("HANDLER_FAILED", "Silent", True))
        self.assertEqual(len(outcome_of_error(ValueError("x" * 9_000)).message), 4_000)  # type: ignore[union-attr]
        self.assertEqual(outcome_of_result(object()).code, "RESULT_NOT_JSON")  # type: ignore[union-attr]

    def test_wrong_arguments_are_refused_before_anything_is_sent(self) -> None:
        for url in ("", "localhost:80", "ftp://x", "http://", "http://a b", "http://x:99999"):
            with self.assertRaises(BideError) as raised:
                Client(url or None)
            self.assertEqual(raised.exception.code, "BAD_URL", url)
        with self.assertRaisesRegex(ValueError, "whole file"):
            Client("http://x", "key\n")
        with self.assertRaisesRegex(ValueError, "already"):
            worker = Worker("http://x")
            worker.handler("a", "b")(print)
            worker.handler("b")(print)
        with Client("http://x", tries=1) as client:
            for wrong in (
                lambda: client.call("GET", "v1/types"),
                lambda: client.call("GET", "@elsewhere.example/"),
                lambda: client.call("GET", "/v1/jobs x"),
                lambda: client.submit("echo", wait=math.inf),
                lambda: client.submit("echo", delay=math.nan),
                lambda: client.submit("echo", delay="1"),  # type: ignore[arg-type]
                lambda: client.submit("echo", run_at="tomorrow"),  # type: ignore[arg-type]
                lambda: client.submit_many(["echo"]),  # type: ignore[list-item]
                lambda: client.wait("x", math.nan),
                lambda: client.wait("x", "5"),  # type: ignore[arg-type]
                lambda: Client("http://x", timeout=None),  # type: ignore[arg-type]
            ):
                with self.assertRaisesRegex((TypeError, ValueError), "^(A path|A time|A point|A job of)"):
                    wrong()
        with self.assertRaisesRegex(RuntimeError, "no handlers"):
            Worker("http://x").run()
