"""The command line: `logicx score "(water OR river) AND NOT blue" unit=483`."""

from __future__ import annotations

import json
import os
import sys
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from logicx.cli import streams
from logicx.errors import LogicxError, PluginWarning

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

YES_TO_JSON = ("json=true", "json=yes", "json=on", "json=1")
OK, FAILED, USER_ERROR, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit: 0 done, 1 ran but found nothing, 2 the input is wrong."""
    streams.prepare()
    sys.exit(run(sys.argv[1:] if arguments is None else list(arguments)))


def run(arguments: Sequence[str]) -> int:
    """Run a command and return the exit status."""
    # Nothing here multiplies large matrices; idle threads of OpenBLAS would only cost CPU time.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from logicx.cli.app import command

        with _warnings_as_notes():
            status = command(arguments or ["--help"])
        sys.stdout.flush()
    except LogicxError as error:
        _report(error, arguments)
        return USER_ERROR
    except KeyboardInterrupt:
        return _interrupted()
    except BrokenPipeError:
        streams.drop_output()
        return OK
    except OSError as error:  # standard output cannot be written to, such as on a full disk
        _report(LogicxError(f"cannot write: {error.strerror or error}", code="output"), arguments)
        streams.drop_output()
        return FAILED
    except Exception:
        if not streams.is_interrupted():
            raise
        return _interrupted()  # in the midst of an import, which told it otherwise
    return status if isinstance(status, int) else OK


@contextmanager
def _warnings_as_notes() -> Iterator[None]:
    """Plug-ins that are left out are told as notes on standard error."""
    with warnings.catch_warnings():
        warnings.simplefilter("always", PluginWarning)
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if issubclass(category, PluginWarning):
                print(f"note: {message}", file=sys.stderr)
            else:
                usual(message, category, *where)

        warnings.showwarning = show  # type: ignore[assignment]
        yield


def _interrupted() -> int:
    print("interrupted", file=sys.stderr)
    return INTERRUPTED


def _report(error: LogicxError, arguments: Sequence[str]) -> None:
    is_json = any(one == "--json" or one in YES_TO_JSON for one in arguments)
    print(json.dumps(error.as_dict()) if is_json else error, file=sys.stderr)
