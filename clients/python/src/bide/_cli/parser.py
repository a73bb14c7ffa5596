"""The words of the command."""

from __future__ import annotations

import argparse

from .._version import __version__
from . import commands
from .values import count, duration, json_input, tag

_EPILOG = """exit codes: 0 succeeded; 1 the job failed, was cancelled or expired, or the command was refused; 2 usage;
3 no such job; 4 the time ran out first; 5 the server cannot be reached; 130 interrupted"""


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="python -m bide", description="Jobs of a Bide server.", epilog=_EPILOG)
    words.add_argument("--version", action="version", version=__version__)
    below = words.add_subparsers(required=True, metavar="COMMAND")
    _submit(_command(below, "submit", commands.submit, "submit a job and print its id, or with --wait its result"))
    _wait(_command(below, "wait", commands.wait, "wait until jobs are done"))
    _id(_command(below, "get", commands.get, "show a job"))
    cancel = _id(_command(below, "cancel", commands.cancel, "cancel a job"))
    cancel.add_argument(
        "--wait", type=duration, default=0.0, metavar="TIME", help="until it has stopped, at most so long"
    )
    events = _id(_command(below, "events", commands.events, "show a job at every change, as lines of JSON"))
    events.add_argument("--timeout", type=duration, metavar="TIME", help="at most so long")
    logs = _id(_command(below, "logs", commands.logs, "show what a job has said"))
    logs.add_argument("-f", "--follow", action="store_true", help="also what it will say, until it is over")
    logs.add_argument("--level", choices=["debug", "info", "warn", "error"], help="only lines at this level or above")
    result = _id(
        _command(below, "result", commands.result, "write the result of a job to standard output, or to a file")
    )
    result.add_argument("-o", "--output", metavar="FILE", help="where to")
    _list(_command(below, "list", commands.list_jobs, "show jobs, the newest first"))
    worker = _command(below, "worker", commands.worker, "run a worker of a module of yours")
    worker.add_argument("target", metavar="MODULE:NAME", help="such as my_module:worker, a bide.Worker")
    return words


def _command(
    below: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, help: str
) -> argparse.ArgumentParser:
    words = below.add_parser(name, help=help, description=help)
    words.add_argument("--url", help="the server; else BIDE_URL")
    words.add_argument("--key", help="API key; else BIDE_KEY")
    words.add_argument("--json", action="store_true", help="JSON, for programs")
    words.set_defaults(run=run)
    return words


def _id(words: argparse.ArgumentParser) -> argparse.ArgumentParser:
    words.add_argument("id", metavar="ID")
    return words


def _submit(words: argparse.ArgumentParser) -> None:
    words.add_argument("type", metavar="TYPE")
    words.add_argument("--input", type=json_input, metavar="JSON", help="JSON, @FILE or @- for standard input")
    words.add_argument("--tag", type=tag, action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    words.add_argument("--priority", type=int, metavar="N", help="-100 to 100")
    words.add_argument("--delay", type=duration, metavar="TIME", help="not before so long from now")
    words.add_argument("--idempotency-key", metavar="KEY", help="the same key gives the job of the first time")
    words.add_argument("-w", "--wait", action="store_true", help="wait for the job and print its result")
    words.add_argument("--timeout", type=duration, metavar="TIME", help="with --wait: longest wait, such as 60s")


def _wait(words: argparse.ArgumentParser) -> None:
    words.add_argument("ids", metavar="ID", nargs="+")
    words.add_argument("--any", action="store_true", help="until one of them is done, in place of all")
    words.add_argument(
        "--timeout", type=duration, metavar="TIME", help="longest wait, such as 60s; without it until done"
    )


def _list(words: argparse.ArgumentParser) -> None:
    words.add_argument("--state", action="append", metavar="STATE", help="may be repeated")
    words.add_argument("--type", action="append", metavar="TYPE", help="may be repeated")
    words.add_argument("--tag", type=tag, action="append", default=[], metavar="NAME=VALUE", help="may be repeated")
    words.add_argument("--limit", type=count, default=50, metavar="N", help="at most so many (50)")
