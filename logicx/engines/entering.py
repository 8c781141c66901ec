"""Compiled: candidates are sorted into the beams, unless they equal what is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.engines.counting import are_equal, compiled, join, lay
from logicx.engines.layout import CARRIED, CONCEPT, ON, PARENT, SIZE, STEP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.layout import Bank, Levels, Rules, Store


@compiled
def lay_candidate(
    place: int, bank: Bank, rules: Rules, store: Store, level: int, parts: NDArray[np.int64]
) -> None:
    """Words of a candidate of a level, into a place of the scratch."""
    table = rules.tables[parts[STEP]]
    if parts[CONCEPT] < 0:
        first, second = store.known[parts[PARENT]], store.known[-1 - parts[CONCEPT]]
        join(store.scratch[place], first, second, table, bank.full)
        return
    parent = len(store.words) - 1
    if level:
        parent = store.place[level - 1, parts[PARENT]]
    concept = store.scratch[2]
    lay(concept, bank, parts[CONCEPT])
    join(store.scratch[place], store.words[parent], concept, table, bank.full)


@compiled
def _is_equal(bank: Bank, rules: Rules, store: Store, level: int, other: NDArray[np.int64]) -> bool:
    """Whether the candidate in the scratch equals another one of its level."""
    lay_candidate(np.int64(1), bank, rules, store, level, other)
    return are_equal(store.scratch[0], store.scratch[1])


@compiled
def _has_equal(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, lane: int,
    new: NDArray[np.int64],
) -> tuple[bool, bool]:  # fmt: skip
    """Whether a candidate equals a formula of the last beams, or of this one's first lane.

    Lanes up to the candidate's own are looked at; so equals of the second lane may be in the first.

    Returns:
        That, and whether the candidate's words lie in the scratch.
    """
    size, on, is_laid = new[SIZE], new[ON], False
    if level:
        places, before = store.place[level - 1], levels.parts[level - 1]
        for one in range(lane + 1):
            first = one * rules.width
            for i in range(first, first + levels.n_kept[level - 1, one]):
                if before[i, SIZE] == size and before[i, ON] == on:
                    if not is_laid:
                        is_laid = True
                        lay_candidate(np.int64(0), bank, rules, store, level, new)
                    if are_equal(store.scratch[0], store.words[places[i]]):
                        return True, True
    if lane:
        parts = levels.parts[level]
        for i in range(levels.n_kept[level, 0]):
            if parts[i, STEP] != CARRIED and parts[i, SIZE] == size and parts[i, ON] == on:
                if not is_laid:
                    is_laid = True
                    lay_candidate(np.int64(0), bank, rules, store, level, new)
                if _is_equal(bank, rules, store, level, parts[i]):
                    return True, True
    return False, is_laid


@compiled
def enter(
    bank: Bank, rules: Rules, levels: Levels, store: Store, level: int, lane: int, value: float,
    new: NDArray[np.int64],
) -> None:  # fmt: skip
    """Sort a candidate into a lane, unless it equals a formula of the last beam or of this one.

    Candidates come in order of enumeration, so those of equal score are passed by.
    """
    first = lane * rules.width
    stop = len(levels.scores[level]) if lane else rules.width
    scores, parts = levels.scores[level, first:stop], levels.parts[level, first:stop]
    n, size, on = levels.n_kept[level, lane], new[SIZE], new[ON]
    last = n if n < len(scores) else n - 1
    if rules.drops_equals:
        is_known, is_laid = _has_equal(bank, rules, levels, store, level, lane, new)
        if is_known:
            return
        for i in range(n):
            if parts[i, STEP] != CARRIED and parts[i, SIZE] == size and parts[i, ON] == on:
                if not is_laid:
                    is_laid = True
                    lay_candidate(np.int64(0), bank, rules, store, level, new)
                if _is_equal(bank, rules, store, level, parts[i]):
                    if scores[i] >= value:
                        return
                    last = i
                    break
    if last == n:
        levels.n_kept[level, lane] = n + 1
    while last > 0 and scores[last - 1] < value:
        scores[last] = scores[last - 1]
        for k in range(len(new)):
            parts[last, k] = parts[last - 1, k]
        last -= 1
    scores[last] = value
    for k in range(len(new)):
        parts[last, k] = new[k]


@compiled
def floor_of(rules: Rules, levels: Levels, level: int, lane: int) -> float:
    """What a candidate must score above to enter a lane."""
    first, stop = lane * rules.width, rules.width
    if lane:
        stop = levels.scores.shape[1]
    is_full = levels.n_kept[level, lane] == stop - first
    return float(levels.scores[level, stop - 1]) if is_full else -np.inf
