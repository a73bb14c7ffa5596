"""`python -m bide`: submit, wait, get, cancel, events, logs, result, list, worker."""

from __future__ import annotations

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
    except TypeError as error:
        print(f"bide: {error}", file=sys.stderr)
        return exit_codes.USAGE
    except KeyboardInterrupt:
        print("bide: interrupted; a job that was waited for goes on", file=sys.stderr)
        return exit_codes.INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # whoever read has enough
        return 128 + signal.SIGPIPE


if __name__ == "__main__":
    sys.exit(main())
