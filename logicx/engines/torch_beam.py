"""The beam search of many units at once, in PyTorch: of the same outcome as `search/beam.py`.

Nothing is compared but exact counts, float64 scores made of them operation by operation as in
`objectives.py`, and packed bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch import Tensor

from logicx.engines.layout import CARRIED, DEPTH, PARENT, SIZE, STEP, Found, Levels
from logicx.engines.torch_engine import popcount, score

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.layout import Rules
    from logicx.engines.torch_engine import TorchUnits

BLOCK = 32
"""Candidates of which only the best score is looked at first."""

CACHE_BYTES = 1 << 20
"""Scores that are computed at once on the CPU."""

HEAD = 4
"""Candidates looked at closely, in widths of the beam; more if too few of them are new."""

INF = float("inf")


class Beams(NamedTuple):
    """The beam of each unit, best first; empty places score minus infinity.

    Shape: `scores: float64[n_units, width]`; `parts: int64[n_units, width, 6]`;
    `words: int64[n_units, width, n_words]`; `rows: int64[n_parts, n_units, width, n_concepts]`;
    `expands: bool[n_units, width]`, whose expansions are to be scored.
    """

    scores: Tensor
    parts: Tensor
    words: Tensor
    rows: Tensor
    expands: Tensor


class Candidates(NamedTuple):
    """Some expansions, by unit, then best first, `int64[n]` but for `score: float64[n]`."""

    unit: Tensor
    slot: Tensor
    step: Tensor
    concept: Tensor
    score: Tensor

    def where(self, which: Tensor) -> Candidates:
        """Some of them."""
        return Candidates(*(one[which] for one in self))


class TorchBeam:
    """The search.

    Args:
        units: The units.
        width: How many formulas are kept.
        rules: What is searched and how; its `may_add` is not read.
        may_add: Which concepts are operands, `bool[n_units, n_concepts]`.
    """

    def __init__(
        self, units: TorchUnits, width: int, rules: Rules, may_add: NDArray[np.bool_]
    ) -> None:
        """Take the parts over to the device."""
        self.units, self.shared, self.width, self.rules = units, units.shared, width, rules
        here = self.shared.here
        of_f = np.array([[0, 0, -1, -1]], np.int64)  # the last, which is that of CARRIED
        self._tables = here(np.concatenate([rules.tables.view(np.int64), of_f]))
        self._factors = here(rules.factors)
        self._is_penalized = bool((rules.factors != 1).any())
        self._may_add, self._adds_all = here(may_add), bool(may_add.all())
        self._n_operands = here(may_add.sum(1))
        self._n_cells = self.shared.size.sum().double().reshape(1, 1)
        self._mixers = here(_mixers(3 + len(self.shared.full)))
        self._is_on_cpu = self.shared.device.type == "cpu"

    def search(self, length: int) -> list[Found]:
        """The beams of all lengths, for each unit."""
        n, n_steps = self.units.n, len(self.rules.steps)
        n_concepts = len(self.shared.counts)
        beams = self._nothing()
        n_scored = torch.full((n,), n_concepts, device=self.shared.device)
        is_active = torch.ones(n, dtype=torch.bool, device=self.shared.device)
        scores, parts = [], []
        for level in range(length):
            if level:
                n_kept = (beams.scores > -INF).sum(1)
                n_scored += is_active * n_kept * self._n_operands * n_steps
            entering = self._enter(beams, is_active, level)
            beams, is_active = self._merge(beams, entering, level, level == length - 1)
            scores.append(beams.scores)
            parts.append(beams.parts)
            if not is_active.any():
                break
        told = torch.stack(scores, 1).cpu().numpy(), torch.stack(parts, 1).cpu().numpy()
        return [
            Found(Levels(one, made, _first_lane((one > -INF).sum(1))), len(scores), number)
            for one, made, number in zip(*told, n_scored.tolist(), strict=True)
        ]

    def _nothing(self) -> Beams:
        """Empty beams, and in each a formula that holds nowhere, of which to make the first."""
        n, width, device = self.units.n, self.width, self.shared.device
        expands = torch.zeros((n, width), dtype=torch.bool, device=device)
        expands[:, 0] = True
        return Beams(
            scores=torch.full((n, width), -INF, dtype=torch.float64, device=device),
            parts=torch.zeros((n, width, 6), dtype=torch.int64, device=device),
            words=self.shared.full.new_zeros((n, width, len(self.shared.full))),
            rows=self.units.zero_rows(n, width),
            expands=expands,
        )

    # ---- scores

    def _steps(self, level: int) -> list[tuple[int, list[int], bool, int]]:
        """Number, coefficients, whether a child of its parent's size is it, and added length."""
        rules = self.rules
        if level == 0:
            return [(len(rules.steps), [0, 0, 1, 0], False, 1)]
        drops = (rules.one_sided & rules.drops_equals).tolist()
        return [*zip(range(len(drops)), rules.steps.tolist(), drops, rules.added.tolist())]  # noqa: B905

    def _scores(self, beams: Beams, unit: Tensor, slot: Tensor, level: int) -> Tensor:
        """Scores of all expansions of some formulas, `float64[n, n_steps, padded n_concepts]`.

        What may not be added and what changes nothing scores minus infinity.
        """
        rows = beams.rows.flatten(1, 2).index_select(1, unit * self.width + slot)
        both, on_both = self.units.split(rows)
        c, c_on = self.shared.counts, self.units.on_count.index_select(0, unit)
        f, f_on = beams.parts[unit, slot, SIZE:DEPTH].double().T.unsqueeze(-1)
        depth = beams.parts[unit, slot, DEPTH]
        n_on = self.units.n_on[unit].unsqueeze(-1)
        n_concepts, steps = len(c), self._steps(level)
        kind, b = self.rules.kind, self.rules.parameter
        padded = -(-n_concepts // BLOCK) * BLOCK
        out: Tensor = f.new_full((len(unit), len(steps), padded), -INF)
        nothing = f.new_tensor(-INF)
        may_not_add = None if self._adds_all or level == 0 else ~self._may_add[unit]
        for k, (_, (of_all, of_f, of_c, of_both), is_dropped, added) in enumerate(steps):
            size = _sum(of_all * self._n_cells + of_f * f, of_c, c, of_both, both)
            tp = _sum(of_all * n_on + of_f * f_on, of_c, c_on, of_both, on_both)
            scores = score(kind, b, tp, size, n_on, self._n_cells)
            if self._is_penalized:
                scores *= self._factors[depth - 1 + added].unsqueeze(-1)
            if may_not_add is not None:
                scores.masked_fill_(may_not_add, -INF)
            if self.rules.min_support:
                scores.masked_fill_(size < self.rules.min_support, -INF)
            if level == 0 and self.rules.start_floor > -INF:
                scores.masked_fill_(scores <= self.rules.start_floor, -INF)
            if is_dropped:
                torch.where(size == f, nothing, scores, out=out[:, k, :n_concepts])
            else:
                out[:, k, :n_concepts] = scores
        return out

    # ---- the best

    def _enter(self, beams: Beams, is_active: Tensor, level: int) -> Candidates:
        """What may enter the beams: the best new formulas above the worst of each, at most so many
        as a beam holds."""
        pending = is_active.nonzero().squeeze(1)
        taken, n_head = [], HEAD * self.width
        while len(pending):
            found, is_whole = self._best(beams, pending, n_head, level)
            if self.rules.drops_equals:
                found = found.where(self._is_new(beams, pending, found))
            n_new = found.unit.bincount(minlength=self.units.n)
            is_done = (n_new >= self.width) | is_whole
            taken.append(found.where((_rank(found.unit, n_new) < self.width) & is_done[found.unit]))
            pending = pending[~is_done[pending]]
            n_head *= 8
        entering = _joined(taken)
        return entering.where(entering.unit.argsort(stable=True))

    def _best(
        self, beams: Beams, pending: Tensor, n_head: int, level: int
    ) -> tuple[Candidates, Tensor]:
        """The best expansions of some units, ties by order of enumeration.

        Returns:
            About `n_head` of each unit, and for every unit whether these are all.
        """
        n_concepts = len(self.shared.counts)
        room = CACHE_BYTES if self._is_on_cpu else self.units.room // 16
        n_at_once = max(1, room // (8 * self.width * len(self._steps(level)) * n_concepts))
        found, bars = [], []
        for units in torch.split(pending, n_at_once):
            part, bar = self._above(beams, units, n_head, level)
            found.append(part)
            bars.append(bar)
        all_found = _joined(found)
        unit, slot, step, concept, score = all_found
        n_steps = len(self.rules.steps) + 1
        place = (slot * n_concepts + concept) * n_steps + step
        order = place.argsort(stable=True)
        order = order[(-score[order]).argsort(stable=True)]
        order = order[unit[order].argsort(stable=True)]
        n_found = unit.bincount(minlength=self.units.n)
        is_whole = n_found <= n_head
        is_whole[pending] &= torch.cat(bars) <= beams.scores[pending, -1]
        head = order[_rank(unit[order], n_found) < n_head]
        return all_found.where(head), is_whole

    def _above(
        self, beams: Beams, units: Tensor, n_head: int, level: int
    ) -> tuple[Candidates, Tensor]:
        """All expansions of a few units above a bar that at least `n_head` pass, if there are; and
        the bars.

        The bar follows from the best of each block of candidates.
        """
        which, slot = beams.expands[units].nonzero(as_tuple=True)
        unit = units[which]
        scores = self._scores(beams, unit, slot, level).reshape(len(unit), -1, BLOCK)
        best = scores.amax(-1)
        bar = beams.scores[units, -1]
        if n_head <= self.width * best.shape[1]:
            of_unit = best.new_full((len(units), self.width, best.shape[1]), -INF)
            of_unit[which, slot] = best
            least = of_unit.reshape(len(units), -1).topk(n_head).values[:, -1]
            bar = torch.maximum(bar, least.nextafter(least.new_tensor(-INF)))
        row, block = (best > bar[which].unsqueeze(1)).nonzero(as_tuple=True)
        values = scores[row, block]
        hit, lane = (values > bar[which[row]].unsqueeze(1)).nonzero(as_tuple=True)
        row, place = row[hit], block[hit] * BLOCK + lane
        padded = scores.shape[1] * BLOCK // len(self._steps(level))
        step, concept = place.div(padded, rounding_mode="floor"), place % padded
        first = self._steps(level)[0][0]
        found = Candidates(unit[row], slot[row], step + first, concept, values[hit, lane])
        return found, bar

    def _is_new(self, beams: Beams, pending: Tensor, found: Candidates) -> Tensor:
        """Whether a candidate equals no formula of the beam and no candidate before it.

        Formulas are compared bit by bit, each with the first of its group. Groups are of equal
        counts, then of equal hash, which decides nothing: what differs is grouped anew.
        """
        is_asked = torch.zeros_like(beams.expands)
        is_asked[pending] = True
        kept_unit, kept_slot = (is_asked & (beams.scores > -INF)).nonzero(as_tuple=True)
        n_kept, nothing = len(kept_unit), torch.zeros_like(kept_unit)
        unit, slot = torch.cat([kept_unit, found.unit]), torch.cat([kept_slot, found.slot])
        step = torch.cat([nothing + CARRIED, found.step])
        concept = torch.cat([nothing, found.concept])
        kept_sizes = beams.parts[kept_unit, kept_slot, SIZE:DEPTH]
        sizes = torch.cat([kept_sizes, self._counts(beams, found)])
        mixers = self._mixers
        keys = unit * mixers[0] + (sizes * mixers[1:3]).sum(1)
        _, group, n_alike = torch.unique(keys, return_inverse=True, return_counts=True)
        alike = (n_alike[group] > 1).nonzero().squeeze(1)
        unit = unit[alike]
        words = self._join(beams, unit, slot[alike], step[alike], concept[alike])
        keys = unit * mixers[0] + (words * mixers[3:]).sum(1)
        is_new = torch.ones(len(step), dtype=torch.bool, device=step.device)
        left = torch.arange(len(alike), device=step.device)
        while len(left) > 1:
            sorted_keys, order = keys[left].sort(stable=True)
            here = left[order]
            starts = torch.ones_like(sorted_keys, dtype=torch.bool)
            starts[1:] = sorted_keys[1:] != sorted_keys[:-1]
            places = torch.arange(len(here), device=here.device)
            first = here[(places * starts).cummax(0).values]
            is_same = (words.index_select(0, here) == words.index_select(0, first)).all(1)
            is_same &= unit[here] == unit[first]
            is_new[alike[here[is_same & ~starts]]] = False
            left = here[~is_same].sort().values
        return is_new[n_kept:]

    def _counts(self, beams: Beams, found: Candidates) -> Tensor:
        """Both sizes of candidates, `int64[n, 2]`."""
        unit, slot, step, concept, _ = found
        steps = np.concatenate([self.rules.steps, [[0, 0, 1, 0]]])
        of_all, of_f, of_c, of_both = self.shared.here(steps)[step].double().T
        both, on_both = self.units.split(beams.rows[:, unit, slot, concept])
        f, f_on = beams.parts[unit, slot, SIZE:DEPTH].double().T
        size = of_all * self._n_cells[0] + of_f * f + of_c * self.shared.counts[concept]
        on = of_all * self.units.n_on[unit] + of_f * f_on
        on += of_c * self.units.on_count[unit, concept]
        return torch.stack([size + of_both * both, on + of_both * on_both], 1).long()

    def _join(
        self, beams: Beams, unit: Tensor, slot: Tensor, step: Tensor, concept: Tensor
    ) -> Tensor:
        """Packed bits of expansions, or where the step is CARRIED of the formulas themselves."""
        f = beams.words.flatten(0, 1).index_select(0, unit * self.width + slot)
        c = self.shared.words.index_select(0, concept)
        ff, ft, tf, tt = self._tables[step].T.unsqueeze(-1)
        made = ((ff & ~c) | (ft & c)) & ~f | ((tf & ~c) | (tt & c)) & f
        inside: Tensor = made & self.shared.full
        return inside

    # ---- the next beam

    def _merge(
        self, beams: Beams, new: Candidates, level: int, is_last: bool
    ) -> tuple[Beams, Tensor]:
        """The best of beams and new formulas, at equal scores the beam first; and for each unit
        whether anything entered."""
        n, width = beams.scores.shape
        rank = _rank(new.unit, new.unit.bincount(minlength=n))
        old = beams.parts.clone()
        old[..., STEP] = CARRIED
        old[..., PARENT] = torch.arange(width, device=old.device)
        scores = torch.cat([beams.scores, torch.full_like(beams.scores, -INF)], 1)
        parts = torch.cat([old, torch.zeros_like(old)], 1)
        scores[new.unit, width + rank] = new.score
        added = torch.as_tensor([*self.rules.added.tolist(), 1], device=old.device)
        depth = beams.parts[new.unit, new.slot, DEPTH] + added[new.step]
        columns = [new.slot, new.step, new.concept, *self._counts(beams, new).T, depth]
        # in the order of PARENT, STEP, CONCEPT, SIZE, ON, DEPTH
        parts[new.unit, width + rank] = torch.stack(columns, 1)
        order = (-scores).argsort(dim=1, stable=True)[:, :width]
        scores = scores.gather(1, order)
        each = torch.arange(n, device=order.device).unsqueeze(1)
        parts = parts[each, order]
        has_entered = (order >= width) & (scores > -INF)
        is_active = has_entered.any(1)
        expands = has_entered
        if not self.rules.expands_once:
            expands = (scores > -INF) & is_active.unsqueeze(1)
        grown = beams._replace(scores=scores, parts=parts, expands=expands)
        return grown if is_last else self._derive(grown, has_entered, level), is_active

    def _derive(self, beams: Beams, has_entered: Tensor, level: int) -> Beams:
        """Words and rows for the new beams, from those of the old; anew where that is less work."""
        unit, slot = has_entered.nonzero(as_tuple=True)
        parent, step, concept = beams.parts[unit, slot, :SIZE].T
        words = self._join(beams, unit, parent, step, concept)
        first = torch.arange(len(has_entered), device=unit.device).unsqueeze(1) * self.width
        come_from = (first + beams.parts[..., PARENT]).flatten()
        place = unit * self.width + slot
        kept, rows = beams.words.flatten(0, 1).index_select(0, come_from), beams.rows.flatten(1, 2)
        if level:
            rows = rows.index_select(1, come_from)
            changed = words ^ kept[place]
            is_anew = popcount(words) < popcount(changed)
            changed = torch.where(is_anew.unsqueeze(1), words, changed)
            rows[:, place[is_anew]] = 0
        else:
            rows[:, place] = self.units.together(concept)
            changed = words & self.units.fires[unit]
        self.units.add(rows, place, unit, changed, words, is_on_only=not level)
        kept[place] = words
        return beams._replace(words=kept.view_as(beams.words), rows=rows.view_as(beams.rows))


def _mixers(n: int) -> NDArray[np.int64]:
    """Odd factors for hashes."""
    return np.random.default_rng(0).integers(-(2**63), 2**63, n) | 1


def _first_lane(n_kept: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of formulas by lane; all are in the first."""
    return np.stack([n_kept, np.zeros_like(n_kept)], 1)


def _joined(parts: list[Candidates]) -> Candidates:
    return Candidates(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def _sum(base: Tensor, of_c: int, c: Tensor, of_both: int, both: Tensor) -> Tensor:
    """A sum of whole numbers below 2^53, so exact."""
    out = torch.add(base, both, alpha=of_both)
    return out.add_(c, alpha=of_c) if of_c else out


def _rank(unit: Tensor, n_of_unit: Tensor) -> Tensor:
    """Places of sorted candidates within their units."""
    return torch.arange(len(unit), device=unit.device) - (n_of_unit.cumsum(0) - n_of_unit)[unit]
