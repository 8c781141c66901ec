"""Standard streams and Ctrl-C, whatever the surroundings: closed, of few characters, or a pipe."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import suppress
from typing import Any

_interrupts: list[int] = []
"""Ctrl-C so far."""


def prepare() -> None:
    """Make the streams such that nothing that is printed can fail for its characters.

    What goes to a closed stream is lost, as its owner asked. A file that is opened later must not
    get the number of a closed stream, or what others print would go into it.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    watch_interrupts()


def watch_interrupts() -> None:
    """Note each Ctrl-C, as imports that it cuts short may end in other errors."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _note)


def _note(number: int, frame: Any) -> None:
    _interrupts.append(number)
    raise KeyboardInterrupt


def is_interrupted() -> bool:
    """Whether there was a Ctrl-C since `prepare`."""
    return bool(_interrupts)


def drop_output() -> None:
    """Let nothing more be written to a pipe that its reader has closed, not even at exit."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
