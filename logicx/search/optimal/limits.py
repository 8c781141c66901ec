"""What a search may cost, and what it has cost."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from logicx.errors import OptionError
from logicx.search.optimal.kernels import CHOICES, CONTEXTS, PAIRS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from threading import Event

    from numpy.typing import NDArray


class LimitReached(Exception):
    """Time or nodes are used up."""


class TooManyFormulas(LimitReached):
    """More formulas lie above a bar than can be looked at."""


class PassTooLong(Exception):
    """What one pass may cost is used up."""


def check_limits(time_limit: float | None, node_limit: int | None) -> None:
    """Refuse limits that mean nothing.

    Raises:
        OptionError: They do not.
    """
    if time_limit is not None and not time_limit > 0:
        raise OptionError(f"time_limit must be above 0 seconds, not {time_limit:g}")
    if node_limit is None:
        return
    if isinstance(node_limit, bool) or not isinstance(node_limit, int) or node_limit < 1:
        raise OptionError(f"node_limit must be a whole number from 1, not {node_limit!r}")


@dataclass
class Limits:
    """Limits, and what was used; of one thread.

    Args:
        seconds: CPU seconds of this thread, or None.
        nodes: Choices of outer concepts, contexts, and pairs that may be looked at, or None.
        stop: Set by another thread to stop this one as Ctrl-C does.
        pass_share: The share of the limits up to which the pass in hand may go on.
    """

    seconds: float | None = None
    nodes: int | None = None
    stop: Event | None = None
    started: float = field(default_factory=time.thread_time)
    counters: NDArray[np.int64] = field(default_factory=lambda: np.zeros(4, np.int64))
    n_passes: int = 0
    pass_share: float = 1.0

    @property
    def used(self) -> float:
        """CPU seconds so far."""
        return time.thread_time() - self.started

    @property
    def n_nodes(self) -> int:
        """Nodes so far."""
        return int(self.counters[[CHOICES, CONTEXTS, PAIRS]].sum())

    @property
    def is_set(self) -> bool:
        """Whether there is any."""
        return self.seconds is not None or self.nodes is not None

    @property
    def share(self) -> float:
        """The share of the limits that is used."""
        shares = [self.used / self.seconds] if self.seconds is not None else []
        shares += [self.n_nodes / self.nodes] if self.nodes is not None else []
        return max(shares, default=0.0)

    @property
    def is_stopped(self) -> bool:
        """Whether another thread has stopped this one."""
        return self.stop is not None and self.stop.is_set()

    @contextmanager
    def allow(self, share: float) -> Iterator[None]:
        """Within, work may cost a share of what is left; then it stops with `PassTooLong`."""
        used = self.share
        self.pass_share = used + share * (1 - used)
        try:
            yield
        finally:
            self.pass_share = 1.0

    def check(self) -> None:
        """Stop where one is reached.

        Raises:
            LimitReached: It is.
            PassTooLong: Only that of the pass in hand is.
            KeyboardInterrupt: Another thread asks for it.
        """
        if self.is_stopped:
            raise KeyboardInterrupt
        share = self.share
        if share >= 1:
            raise LimitReached
        if share >= self.pass_share:
            raise PassTooLong
