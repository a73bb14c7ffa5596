"""What each command does. Results go to standard output, everything that is said to standard error."""

from __future__ import annotations

import argparse
import importlib
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

from .._sync.client import Client
from ..errors import BideError, WaitTimeout
from ..worker import Worker
from . import exit_codes


def _client(words: argparse.Namespace) -> Client:
    return Client(words.url, words.key)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _show(job: Any, words: argparse.Namespace) -> None:
    if words.json:
        _print_json(job)
    else:
        print(_line(job), flush=True)


def _print_json(value: Any, indent: int | None = None) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=indent), flush=True)


def _line(job: Any) -> str:
    error = job.get("error")
    why = f" {error['code']}: {error['message']}" if error else ""
    return _printable(" ".join(str(job[name]) for name in ("id", "type", "state") if name in job) + why)


def _printable(text: str) -> str:
    """Escapes of a terminal in foreign texts do nothing."""
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


def submit(words: argparse.Namespace) -> int:
    options: Any = {"tags": dict(words.tag) or None, "priority": words.priority, "delay": words.delay}
    with _client(words) as client:
        job = client.submit(words.type, words.input, idempotency_key=words.idempotency_key, **options)
        if not words.wait:
            _print_json(job) if words.json else print(job["id"], flush=True)
            return exit_codes.SUCCEEDED
        if not words.json:
            _say(f"job {job['id']}")
        done = client.wait(job["id"], words.timeout)
        if words.json:
            _print_json(done)
        elif done["state"] != "succeeded":
            _say(f"bide: {_line(done)}")
        elif done["result"] is not None:
            _print_json(done["result"], indent=2)
        else:
            _write_result(client, job["id"], None)
        return exit_codes.of_jobs([done], is_any=False)


def wait(words: argparse.Namespace) -> int:
    with _client(words) as client:
        try:
            jobs = client.wait_many(words.ids, words.timeout, mode="any" if words.any else "all")
        except WaitTimeout as error:
            for job in error.jobs:
                _show(job, words)
            raise
        for job in jobs:
            _show(job, words)
        return exit_codes.of_jobs(jobs, words.any)


def get(words: argparse.Namespace) -> int:
    with _client(words) as client:
        _print_json(client.get(words.id), None if words.json else 2)
    return exit_codes.SUCCEEDED


def cancel(words: argparse.Namespace) -> int:
    with _client(words) as client:
        _show(client.cancel(words.id, words.wait), words)
    return exit_codes.SUCCEEDED


def events(words: argparse.Namespace) -> int:
    with _client(words) as client:
        last = None
        for last in client.events(words.id, timeout=words.timeout):
            _print_json(last)
    return exit_codes.SUCCEEDED if last is None else exit_codes.of_jobs([last], is_any=False)


def logs(words: argparse.Namespace) -> int:
    with _client(words) as client:
        for line in client.logs(words.id, follow=words.follow, level=words.level):
            if words.json:
                _print_json(line)
                continue
            fields = f" {json.dumps(line['fields'], ensure_ascii=False)}" if line["fields"] else ""
            text = f"{line['at']} {line['level'].upper():5} [{line['attempt']}] {line['line']}{fields}"
            print(_printable(text), flush=True)
    return exit_codes.SUCCEEDED


def result(words: argparse.Namespace) -> int:
    with _client(words) as client:
        _write_result(client, words.id, words.output)
    return exit_codes.SUCCEEDED


def _write_result(client: Client, id: str, file: str | None) -> None:
    """A file is complete or not there."""
    with client.open_result(id) as opened:
        if file is None:
            for chunk in opened:
                sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            return
        part = Path(f"{file}.part")
        try:
            with part.open("wb") as target:
                for chunk in opened:
                    target.write(chunk)
            part.replace(file)
        except BaseException:
            part.unlink(missing_ok=True)
            raise


def list_jobs(words: argparse.Namespace) -> int:
    filter: Any = {"states": words.state, "types": words.type, "tags": dict(words.tag) or None}
    with _client(words) as client:
        jobs = client.list(page_size=max(1, min(words.limit, 500)), **filter)
        for job in itertools.islice(jobs, words.limit):
            _show(job, words)
    return exit_codes.SUCCEEDED


def worker(words: argparse.Namespace) -> int:
    """The module is looked for in the working folder first, as `python -m` does."""
    for name, value in (("BIDE_URL", words.url), ("BIDE_KEY", words.key)):
        if value is not None:
            os.environ[name] = value
    module, _, name = words.target.partition(":")
    sys.path.insert(0, os.getcwd())
    try:
        found = getattr(importlib.import_module(module), name or "worker")
    except (ImportError, AttributeError) as error:
        raise BideError("USAGE", f"{words.target}: {error}", status=400) from error
    if not isinstance(found, Worker):
        raise BideError("USAGE", f"{words.target} is no bide.Worker.", status=400)
    _say("working")
    found.run()
    return exit_codes.SUCCEEDED
