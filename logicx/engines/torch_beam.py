"""The beam search of many units at once, in PyTorch: of the same outcome as `search/beam.py`.

Nothing is compared but exact counts, float64 scores made of them operation by operation as in
`objectives.py`, and packed bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from logicx.engines.layout import CARRIED, DEPTH, FIRST, PARENT, SECOND, SIZE, STEP, Found, Levels
from logicx.engines.torch_candidates import Beams, Candidates, Way, rank
from logicx.engines.torch_engine import score
from logicx.engines.torch_formulas import TorchFormulas, sum_of
from logicx.engines.torch_joins import Known

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


class TorchBeam:
    """The search.

    Args:
        units: The units.
        rules: What is searched and how; its `may_add` is not read.
        may_add: Which concepts are operands, `bool[n_units, n_concepts]`.
        extra: Places of the second lane, or 0 for none.
    """

    def __init__(
        self, units: TorchUnits, rules: Rules, may_add: NDArray[np.bool_], extra: int = 0
    ) -> None:
        """Take the parts over to the device."""
        self.units, self.shared, self.rules = units, units.shared, rules
        width, self.n_places = rules.width, rules.width + extra
        self._lanes = [slice(0, width), slice(width, self.n_places)][: 1 + bool(extra)]
        here = self.shared.here
        self._factors = here(rules.factors)
        self._is_penalized = bool((rules.factors != 1).any())
        self._may_add, self._adds_all = here(may_add), bool(may_add.all())
        self._n_operands = here(may_add.sum(1))
        self._is_on_cpu = self.shared.device.type == "cpu"
        self._known = Known(units, self.n_places) if rules.joins else None
        self._formulas = TorchFormulas(units, rules, self.n_places, self._known)
        self._n_cells = self._formulas.n_cells

    def search(self, length: int) -> list[Found]:
        """The beams of all lengths, for each unit."""
        n = self.units.n
        beams = self._nothing()
        n_scored = torch.zeros(n, dtype=torch.int64, device=self.shared.device)
        is_active = torch.ones(n, dtype=torch.bool, device=self.shared.device)
        scores, parts = [], []
        for level in range(length):
            grown, has_entered, entered = beams, torch.zeros_like(beams.is_new), None
            for lane, places in enumerate(self._lanes):
                ways, joined, number = self._ways(beams, level, lane)
                n_scored += is_active * number
                entering = self._enter(beams, ways, joined, is_active, lane, entered)
                grown = self._merge(beams, grown, entering, places, has_entered)
                entered = _entered(grown, has_entered) if lane == FIRST else None
            is_active = has_entered.any(1)
            if self._known is not None:
                is_active = torch.ones_like(is_active)
            expands = has_entered.clone()
            if not self.rules.expands_once:
                here = self._lanes[FIRST]
                expands[:, here] = (grown.scores[:, here] > -INF) & is_active.unsqueeze(1)
            grown = grown._replace(expands=expands, is_new=has_entered)
            beams = grown if level == length - 1 else self._formulas.derive(grown, level)
            scores.append(beams.scores)
            parts.append(beams.parts)
            if not is_active.any():
                break
            if self._known is not None and level < length - 1:
                self._known.note(beams)
        return self._told(scores, parts, n_scored)

    def _told(self, scores: list[Tensor], parts: list[Tensor], n_scored: Tensor) -> list[Found]:
        told = torch.stack(scores, 1).cpu().numpy(), torch.stack(parts, 1).cpu().numpy()
        known = np.zeros((0, 2), np.int64) if self._known is None else self._known.places()
        found = []
        for one, made, number in zip(*told, n_scored.tolist(), strict=True):
            n_kept = np.zeros((len(one), 2), np.int64)
            for lane, places in enumerate(self._lanes):
                n_kept[:, lane] = (one[:, places] > -INF).sum(1)
            found.append(Found(Levels(one, made, n_kept, known), len(scores), number))
        return found

    def _nothing(self) -> Beams:
        """Empty beams, and in each a formula that holds nowhere, of which to make the first."""
        n, width, device = self.units.n, self.n_places, self.shared.device
        expands = torch.zeros((n, width), dtype=torch.bool, device=device)
        expands[:, 0] = True
        return Beams(
            scores=torch.full((n, width), -INF, dtype=torch.float64, device=device),
            parts=torch.zeros((n, width, 6), dtype=torch.int64, device=device),
            words=self.shared.full.new_zeros((n, width, len(self.shared.full))),
            rows=self.units.zero_rows(n, width),
            expands=expands,
            is_new=expands,
        )

    def _ways(
        self, beams: Beams, level: int, lane: int
    ) -> tuple[list[Way], Candidates | None, Tensor]:
        """How the formulas of a lane are made, those that are joined, and how many there are."""
        rules, n_operands = self.rules, self._n_operands
        n_steps, first = len(rules.steps), slice(0, rules.width)
        if level == 0:
            steps = [(n_steps + lane, [0, 0, 1, 0], False, 1)]
            if lane == SECOND:
                steps = [(n_steps + lane, [1, 0, -1, 0], False, 1)] if rules.negates else []
            ways = [Way(first, beams.expands[:, first], steps, is_free=lane == FIRST)]
            n_all = torch.full_like(n_operands, len(self.shared.counts))
            return ways, None, n_all if lane == FIRST else n_operands * len(steps)
        drops = (rules.one_sided & rules.drops_equals).tolist()
        steps = [*zip(range(n_steps), rules.steps.tolist(), drops, rules.added.tolist())]  # noqa: B905
        is_kept = beams.scores > -INF
        if lane == FIRST:
            n = is_kept[:, first].sum(1) * n_operands * rules.n_first
            return [Way(first, beams.expands[:, first], steps[: rules.n_first])], None, n
        second, crossing = self._lanes[SECOND], steps[rules.n_first :]
        ways = [
            Way(first, beams.is_new[:, first], crossing),
            Way(second, beams.is_new[:, second], steps),
        ]
        n = sum((one.expands.sum(1) * n_operands * len(one.steps) for one in ways), 0 * n_operands)
        if self._known is None:
            return ways, None, n
        joined = self._joins(level)
        return ways, joined, n + joined.unit.bincount(minlength=self.units.n)

    # ---- scores

    def _scores(self, beams: Beams, way: Way, unit: Tensor, slot: Tensor) -> Tensor:
        """Scores of all expansions of some formulas, `float64[n, n_steps, padded n_concepts]`.

        What may not be added and what changes nothing scores minus infinity.
        """
        rows = beams.rows.flatten(1, 2).index_select(1, unit * self.n_places + slot)
        both, on_both = self.units.split(rows)
        c, c_on = self.shared.counts, self.units.on_count.index_select(0, unit)
        f, f_on = beams.parts[unit, slot, SIZE:DEPTH].double().T.unsqueeze(-1)
        depth = beams.parts[unit, slot, DEPTH]
        n_on = self.units.n_on[unit].unsqueeze(-1)
        n_concepts = len(c)
        padded = -(-n_concepts // BLOCK) * BLOCK
        out: Tensor = f.new_full((len(unit), len(way.steps), padded), -INF)
        nothing = f.new_tensor(-INF)
        may_not_add = None if self._adds_all or way.is_free else ~self._may_add[unit]
        for k, (number, (of_all, of_f, of_c, of_both), is_dropped, added) in enumerate(way.steps):
            size = sum_of(of_all * self._n_cells + of_f * f, of_c, c, of_both, both)
            tp = sum_of(of_all * n_on + of_f * f_on, of_c, c_on, of_both, on_both)
            scores = self._scored(tp, size, n_on, number)
            if self._is_penalized:
                scores *= self._factors[depth - 1 + added].unsqueeze(-1)
            if may_not_add is not None:
                scores.masked_fill_(may_not_add, -INF)
            if is_dropped:
                torch.where(size == f, nothing, scores, out=out[:, k, :n_concepts])
            else:
                out[:, k, :n_concepts] = scores
        return out

    def _scored(self, tp: Tensor, size: Tensor, n_on: Tensor, step: int) -> Tensor:
        """Scores without the penalty; what may not be kept scores minus infinity."""
        rules = self.rules
        scores = score(rules.kind, rules.parameter, tp, size, n_on, self._n_cells)
        if rules.min_support:
            scores.masked_fill_(size < rules.min_support, -INF)
        if step >= len(rules.steps) and rules.start_floor > -INF:
            scores.masked_fill_(scores <= rules.start_floor, -INF)
        return scores

    def _joins(self, level: int) -> Candidates:
        """All formulas of two that are known, in order of enumeration, scored."""
        assert self._known is not None
        unit, first, second = self._known.pairs(level + 1)
        f, f_on, _ = self._known.counts(unit, first)
        g, g_on, _ = self._known.counts(unit, second)
        meet, meet_on = self._known.meet(unit, first, second)
        n_on, found = self.units.n_on[unit], []
        for k, (of_all, of_f, of_g, of_both) in enumerate(self.rules.steps.tolist()):
            size = sum_of(of_all * self._n_cells[0] + of_f * f, of_g, g, of_both, meet)
            tp = sum_of(of_all * n_on + of_f * f_on, of_g, g_on, of_both, meet_on)
            scores = self._scored(tp, size, n_on, k).reshape(-1)
            if self._is_penalized:
                scores *= self._factors[level]
            is_asked = (
                (first < second) if of_f == of_g else torch.ones_like(first, dtype=torch.bool)
            )
            step = torch.full_like(unit, k)
            found.append(Candidates(unit, first, step, -1 - second, scores).where(is_asked))
        return Candidates.joined(found)

    # ---- the best

    def _enter(
        self,
        beams: Beams,
        ways: list[Way],
        joined: Candidates | None,
        is_active: Tensor,
        lane: int,
        entered: Candidates | None,
    ) -> Candidates:
        """What may enter a lane: the best new formulas above its worst, at most what it holds.

        Args:
            beams: The beams before.
            ways: How formulas are expanded.
            joined: More candidates, or None.
            is_active: Units that are still searched.
            lane: The lane.
            entered: What has entered the lane before, of which no equals enter this one.
        """
        places = self._lanes[lane]
        width = places.stop - places.start
        pending = is_active.nonzero().squeeze(1)
        taken, n_head = [], HEAD * self.n_places
        while len(pending):
            found, is_whole = self._best(beams, ways, joined, pending, n_head, places)
            if self.rules.drops_equals:
                found = found.where(
                    self._formulas.are_new(beams, pending, found, places.stop, entered)
                )
            n_new = found.unit.bincount(minlength=self.units.n)
            is_done = (n_new >= width) | is_whole
            taken.append(found.where((rank(found.unit, n_new) < width) & is_done[found.unit]))
            pending = pending[~is_done[pending]]
            n_head *= 8
        if not taken:
            return self._none()
        entering = Candidates.joined(taken)
        return entering.where(entering.unit.argsort(stable=True))

    def _none(self) -> Candidates:
        return Candidates(*(self._n_operands[:0],) * 4, self.units.n_on[:0])

    def _best(
        self,
        beams: Beams,
        ways: list[Way],
        joined: Candidates | None,
        pending: Tensor,
        n_head: int,
        places: slice,
    ) -> tuple[Candidates, Tensor]:
        """The best expansions of some units, ties by order of enumeration.

        Returns:
            About `n_head` of each unit, and for every unit whether these are all.
        """
        n_concepts = len(self.shared.counts)
        room = CACHE_BYTES if self._is_on_cpu else self.units.room // 16
        worst = beams.scores[:, places.stop - 1]
        found, is_cut = [self._none()], torch.zeros_like(worst, dtype=torch.bool)
        for way in (one for one in ways if one.steps):
            each = 8 * way.expands.shape[1] * len(way.steps) * n_concepts
            for units in torch.split(pending, max(1, room // max(1, each))):
                part, bar = self._above(beams, way, units, n_head, worst)
                found.append(part)
                is_cut[units] |= bar > worst[units]
        if joined is not None:
            is_asked = torch.zeros_like(is_cut)
            is_asked[pending] = True
            found.append(joined.where(is_asked[joined.unit] & (joined.score > worst[joined.unit])))
        all_found = Candidates.joined(found)
        order = self._order(all_found)
        unit = all_found.unit
        n_found = unit.bincount(minlength=self.units.n)
        head = order[rank(unit[order], n_found) < n_head]
        return all_found.where(head), (n_found <= n_head) & ~is_cut

    def _order(self, found: Candidates) -> Tensor:
        """Candidates by unit, then best first, then by order of enumeration."""
        unit, slot, step, concept, score = found
        n_concepts, n_steps = len(self.shared.counts), len(self.rules.steps) + 2
        place = (slot * n_concepts + concept) * n_steps + step
        if self._known is not None:
            n_known = self._known.words.shape[1]
            of_pair = (slot * n_known - 1 - concept) * n_steps + step
            place = torch.where(concept < 0, self.n_places * n_concepts * n_steps + of_pair, place)
        order = place.argsort(stable=True)
        order = order[(-score[order]).argsort(stable=True)]
        return order[unit[order].argsort(stable=True)]

    def _above(
        self, beams: Beams, way: Way, units: Tensor, n_head: int, worst: Tensor
    ) -> tuple[Candidates, Tensor]:
        """All expansions of a few units above a bar that at least `n_head` pass, and the bars.

        The bar follows from the best of each block of candidates.
        """
        which, slot = way.expands[units].nonzero(as_tuple=True)
        unit, bar = units[which], worst[units]
        if not len(unit):
            return self._none(), bar
        place = slot + way.slots.start
        scores = self._scores(beams, way, unit, place).reshape(len(unit), -1, BLOCK)
        best = scores.amax(-1)
        n_slots = way.expands.shape[1]
        if n_head <= n_slots * best.shape[1]:
            of_unit = best.new_full((len(units), n_slots, best.shape[1]), -INF)
            of_unit[which, slot] = best
            least = of_unit.reshape(len(units), -1).topk(n_head).values[:, -1]
            bar = torch.maximum(bar, least.nextafter(least.new_tensor(-INF)))
        row, block = (best > bar[which].unsqueeze(1)).nonzero(as_tuple=True)
        values = scores[row, block]
        hit, at = (values > bar[which[row]].unsqueeze(1)).nonzero(as_tuple=True)
        row, candidate = row[hit], block[hit] * BLOCK + at
        padded = scores.shape[1] * BLOCK // len(way.steps)
        step, concept = candidate.div(padded, rounding_mode="floor"), candidate % padded
        step = step + way.steps[0][0]
        return Candidates(unit[row], place[row], step, concept, values[hit, at]), bar

    # ---- the next beam

    def _merge(
        self, beams: Beams, grown: Beams, new: Candidates, places: slice, has_entered: Tensor
    ) -> Beams:
        """The best of a lane and of new formulas, at equal scores the lane first.

        Args:
            beams: The beams before.
            grown: The beams to be; they get this lane's scores and parts.
            new: What may enter.
            places: Those of the lane.
            has_entered: Which formulas were not there before; this lane's are filled in.
        """
        width = places.stop - places.start
        old = beams.parts[:, places].clone()
        old[..., STEP] = CARRIED
        old[..., PARENT] = torch.arange(places.start, places.stop, device=old.device)
        before = beams.scores[:, places]
        scores = torch.cat([before, torch.full_like(before, -INF)], 1)
        parts = torch.cat([old, torch.zeros_like(old)], 1)
        place = width + rank(new.unit, new.unit.bincount(minlength=len(scores)))
        scores[new.unit, place] = new.score
        parts[new.unit, place] = self._formulas.parts(beams, new)
        order = (-scores).argsort(dim=1, stable=True)[:, :width]
        each = torch.arange(len(order), device=order.device).unsqueeze(1)
        all_scores, all_parts = grown.scores.clone(), grown.parts.clone()
        all_scores[:, places], all_parts[:, places] = scores.gather(1, order), parts[each, order]
        has_entered[:, places] = (order >= width) & (all_scores[:, places] > -INF)
        return grown._replace(scores=all_scores, parts=all_parts)


def _entered(beams: Beams, has_entered: Tensor) -> Candidates:
    """What has entered the beams, as the candidates that it was."""
    unit, place = has_entered.nonzero(as_tuple=True)
    slot, step, concept = beams.parts[unit, place, :SIZE].T
    return Candidates(unit, slot, step, concept, beams.scores[unit, place])
