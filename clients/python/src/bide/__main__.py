"""`python -m bide`: submit, wait, get, cancel, events, logs, result, list, worker."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import sys
from collections.abc import Sequence

from ._cli import exit_codes
from ._cli.parser import parser
from .errors import BideError


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit code. One line for people, one JSON document with `--json`, never a stack trace for what the
    server refused.
    """
    words = parser().parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.INFO)
    try:
        code: int = words.run(words)
        return code
    except BideError as error:
        code = exit_codes.of_error(error)
        facts = {"code": error.code, "message": error.message, "status": error.status, "details": error.details}
        told = {"error": facts, "exitCode": code}
        print(json.dumps(told, ensure_ascii=False) if words.json else f"bide: {error.message}", file=sys.stderr)
        return code
    except (TypeError, ValueError) as error:
        print(f"bide: {error}", file=sys.stderr)
        return exit_codes.USAGE
    except KeyboardInterrupt:
        print("bide: interrupted; a job that was waited for goes on", file=sys.stderr)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        _leave_output()  # whoever read has enough
        return 128 + signal.SIGPIPE
    except OSError as error:  # a file that cannot be written, a disk that is full
        _leave_output()
        print(f"bide: {error.filename2 or error.filename or 'standard output'}: {error.strerror}", file=sys.stderr)
        return exit_codes.UNSUCCESSFUL


def _leave_output() -> None:
    """What is still to be written goes nowhere: at the end of the process it would fail once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
