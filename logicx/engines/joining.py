"""Compiled: two formulas that were kept are joined into one; see `search/formulas/joins.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.engines.counting import compiled, weigh_common
from logicx.engines.entering import enter, floor_of
from logicx.engines.filtering import SLACK, joined_limits, score
from logicx.engines.layout import CARRIED, CONCEPT, DEPTH, ON, PARENT, SECOND, SIZE, STEP

if TYPE_CHECKING:
    from logicx.engines.layout import Bank, Levels, Rules, Store, Unit


@compiled
def note_known(rules: Rules, levels: Levels, store: Store, level: int, n_known: int) -> int:
    """Note the formulas that are new in a level and may be joined later; how many there are."""
    for lane in range(2):
        first = lane * rules.width
        for slot in range(first, first + levels.n_kept[level, lane]):
            parts = levels.parts[level, slot]
            if parts[STEP] != CARRIED and parts[DEPTH] > 1:
                levels.known[n_known, 0], levels.known[n_known, 1] = level, slot
                place = store.place[level, slot]
                for w in range(store.known.shape[1]):
                    store.known[n_known, w] = store.words[place, w]
                n_known += 1
    return n_known


@compiled
def join_pairs(
    bank: Bank, unit: Unit, rules: Rules, levels: Levels, store: Store, level: int, n_known: int
) -> int:
    """Join all pairs of known formulas that have so many atoms together; how many there are.

    In order of the first, the second, the step; signatures that both hold at are counted only where
    the two sizes of each do not tell that no step makes anything good enough.
    """
    steps, new, known, n_scored = rules.steps, store.new, levels.known, 0
    n_on, n_cells, kind, b = unit.n_on, unit.n_cells, rules.kind, rules.parameter
    lane, factor = np.int64(SECOND), rules.factors[level]
    floor = floor_of(rules, levels, level, lane)
    for i in range(n_known):
        f = levels.parts[known[i, 0], known[i, 1]]
        for j in range(n_known):
            g = levels.parts[known[j, 0], known[j, 1]]
            if i == j or f[DEPTH] + g[DEPTH] != level + 1:
                continue
            is_counted, meet, meet_on = False, 0, 0
            for k in range(len(steps)):
                by_all, by_f, by_g, by_both = steps[k]
                if j < i and by_f == by_g:
                    continue
                n_scored += 1
                least, most = joined_limits(rules.tables[k], f, g, n_on, n_cells)
                if factor * score(kind, b, most, most + least, n_on, n_cells) + SLACK < floor:
                    continue
                if not is_counted:
                    is_counted, words, others = True, store.known[i], store.known[j]
                    meet = weigh_common(words, others, bank.size, bank.size_planes)
                    meet_on = weigh_common(words, others, unit.on, unit.on_planes)
                size = by_all * n_cells + by_f * f[SIZE] + by_g * g[SIZE] + by_both * meet
                if size < rules.min_support:
                    continue
                tp = by_all * n_on + by_f * f[ON] + by_g * g[ON] + by_both * meet_on
                value = score(kind, b, tp, size, n_on, n_cells) * factor
                if value > floor:
                    new[PARENT], new[STEP], new[CONCEPT] = i, k, -1 - j
                    new[SIZE], new[ON], new[DEPTH] = size, tp, level + 1
                    enter(bank, rules, levels, store, level, lane, value, new)
                    floor = floor_of(rules, levels, level, lane)
    return n_scored
