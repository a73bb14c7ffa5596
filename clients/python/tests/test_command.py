"""The command against a real server: what it prints where, and its exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import bide
from bide.__main__ import main

from .scripted import HOLD, ScriptedServer
from .server import client, server

NO_JOB = "01900000-0000-7000-8000-000000000000"


def call(*line: str, url: str | None = None) -> tuple[int, str, str]:
    """In this process."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    env = {"BIDE_URL": url or server().url, "BIDE_KEY": server().key}
    with mock.patch.dict(os.environ, env), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(line)
        except SystemExit as end:
            code = int(end.code or 0)
        out.flush()
    return code, out.buffer.getvalue().decode(), err.getvalue()


class Command(unittest.TestCase):
    def test_submit_prints_the_id_alone_which_the_others_take(self) -> None:
        code, printed, _ = call("submit", "echo", "--input", '{"ü": 1}', "--tag", "team=x", "--priority", "5")
        self.assertEqual((code, len(printed)), (0, 37))
        id = printed.strip()
        self.assertEqual(call("wait", id, "--timeout", "30s")[:2], (0, f"{id} echo succeeded\n"))
        self.assertEqual(json.loads(call("get", id)[1])["tags"], {"team": "x"})
        self.assertEqual(json.loads(call("events", id)[1].splitlines()[-1])["state"], "succeeded")
        self.assertEqual(call("logs", id), (0, "", ""))
        self.assertEqual(json.loads(call("result", id)[1]), {"ü": 1})
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "result.json")
            self.assertEqual(call("result", id, "-o", str(file))[0], 0)
            self.assertEqual(json.loads(file.read_bytes()), {"ü": 1})
            code, _, said = call("result", id, "-o", str(Path(folder, "none", "result.json")))
            self.assertEqual(code, 1)
            self.assertRegex(said, "^bide: .*: No such file or directory\n$")
        self.assertIn(id, call("list", "--tag", "team=x", "--type", "echo", "--limit", "5")[1])

    def test_submit_with_wait_prints_the_result_alone(self) -> None:
        code, printed, said = call("submit", "echo", "--input", '{"a": [1]}', "--wait", "--timeout", "30s")
        self.assertEqual((code, json.loads(printed)), (0, {"a": [1]}))
        self.assertRegex(said, "^job [0-9a-f-]{36}\n$")

    def test_exit_codes_are_those_of_the_command_of_the_server(self) -> None:
        later = call("submit", "echo", "--delay", "1h")[1].strip()
        running = call("submit", "sleep", "--input", '{"ms": 60000}')[1].strip()
        self.assertEqual(call("cancel", running, "--wait", "20s")[0], 0)
        for expected, line in [
            (1, ["wait", running]),
            (1, ["result", running]),
            (2, ["submit", "nope"]),
            (2, ["submit", "echo", "--input", "{"]),
            (2, ["submit", "echo", "--frob"]),
            (2, ["get"]),
            (2, ["get", "x", "--url", "ftp://x"]),
            (2, ["get", later, "--key", "wrong"]),
            (2, ["get", later, "--key", "\u00fc"]),
            (2, ["worker", "no_such_module:worker"]),
            (3, ["get", NO_JOB]),
            (3, ["wait", NO_JOB]),
            (4, ["wait", later, "--timeout", "10ms"]),
            (4, ["submit", "echo", "--delay", "1h", "--wait", "--timeout", "10ms"]),
        ]:
            code, printed, said = call(*line)
            self.assertEqual(code, expected, f"{line}: {printed}{said}")
            self.assertNotIn("Traceback", said)
        error = json.loads(call("get", NO_JOB, "--json")[2])
        self.assertEqual((error["exitCode"], error["error"]["status"]), (3, 404))

    def test_ctrl_c_ends_a_wait_with_130_and_the_server_sees_it(self) -> None:
        held = ScriptedServer(lambda *_: HOLD)
        self.addCleanup(held.__exit__)
        env = {**os.environ, "BIDE_URL": held.url, "BIDE_KEY": "k"}
        command = [sys.executable, "-m", "bide", "wait", NO_JOB]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        held.arrived.acquire(timeout=30)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        self.assertEqual((process.returncode, said), (130, "bide: interrupted; a job that was waited for goes on\n"))
        self.assertTrue(held.requests[-1].closed.wait(30))

    def test_worker_runs_the_worker_of_a_module_until_SIGTERM(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            module = "from bide import Worker\nworker = Worker()\n@worker.handler('command')\n"
            module += "def handle(input, context):\n    return [input]\n"
            Path(folder, "my_module.py").write_text(module)
            command = [
                sys.executable,
                "-m",
                "bide",
                "worker",
                "my_module:worker",
                "--url",
                server().url,
                "--key",
                server().key,
            ]
            env = {**os.environ, "PYTHONPATH": str(Path(bide.__file__).parents[1])}
            process = subprocess.Popen(command, cwd=folder, env=env, stderr=subprocess.PIPE, text=True)
            self.addCleanup(process.kill)
            with client() as asking:
                self.assertEqual(asking.run("command", "ü", timeout=30), ["ü"])
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
            self.assertEqual((process.returncode, said), (0, "working\n"))
