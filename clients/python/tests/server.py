"""A Bide server of the checkout, on a free port, in a folder of its own."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from bide import AsyncClient, Client, Worker

ROOT = Path(__file__).resolve().parents[3]
#: Which way requests travel in this run.
CARRIER = os.environ.get("BIDE_TEST_TRANSPORT", "standard")
TYPES = ("far", "slow", "stopped", "killed", "parked", "told", "many", "odd", "later", "command", "lost", "away")


class Server:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="bide-python-"))
        types = ", ".join(f"{name}: {{ kind: 'remote', retry: {{ backoffMs: 0 }} }}" for name in TYPES)
        (self.folder / "bide.config.mjs").write_text(f"export default {{ types: {{ {types} }} }};\n")
        self.port = "0"
        self.start()

    def start(self) -> None:
        command = json.loads(os.environ.get("BIDE_TEST_COMMAND", json.dumps(["node", str(ROOT / "bin/bide.js")])))
        options = ["--port", self.port, "--data", "data", "--playground", "--config", "bide.config.mjs"]
        self.process = subprocess.Popen(
            [*command, "serve", *options], cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert self.process.stdout is not None
        printed = ""
        for line in self.process.stdout:
            printed += line
            if found := re.search(r"listening on (http://\S+:(\d+))", line):
                self.url, self.port = found[1], found[2]
                break
        else:
            raise AssertionError(f"The server did not start:\n{printed}")
        self.key = (self.folder / "data/admin.key").read_text().strip()

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def remove(self) -> None:
        if self.process.poll() is None:
            self.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


_started: list[Server] = []


def server() -> Server:
    """The one of this run."""
    if not _started:
        _started.append(Server())
        pid = os.getpid()  # not in the child of a fork
        atexit.register(lambda: _started[0].remove() if os.getpid() == pid else None)
    return _started[0]


def client(**options: object) -> Client:
    return Client(server().url, server().key, transport=CARRIER, **options)


def async_client(**options: object) -> AsyncClient:
    return AsyncClient(server().url, server().key, transport=CARRIER, **options)


def worker(**options: object) -> Worker:
    return Worker(server().url, server().key, transport=CARRIER, **options)
