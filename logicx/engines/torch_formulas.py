"""Counts, bits and rows of the formulas of many units, as the search in PyTorch asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from logicx.engines.layout import CARRIED, CONCEPT, DEPTH, PARENT, SIZE
from logicx.engines.torch_candidates import Beams, Candidates, first_of_equals
from logicx.engines.torch_engine import HALF, popcount

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from logicx.engines.layout import Rules
    from logicx.engines.torch_engine import TorchUnits
    from logicx.engines.torch_joins import Known

INF = float("inf")


class TorchFormulas:
    """What candidates and formulas of beams are.

    Args:
        units: The units.
        rules: What is searched and how.
        n_places: Places of a beam.
        known: The formulas that may be joined, if any are.
    """

    def __init__(self, units: TorchUnits, rules: Rules, n_places: int, known: Known | None) -> None:
        """Take the parts over to the device."""
        self.units, self.shared, self.known, self.n_places = units, units.shared, known, n_places
        here = self.shared.here
        of_f = np.array([[0, 0, -1, -1]], np.int64)  # the last, which is that of CARRIED
        self._tables = here(np.concatenate([rules.tables.view(np.int64), of_f]))
        alone = [[0, 0, 1, 0], [1, 0, -1, 0], [0, 1, 0, 0]]
        self._coefficients = here(np.concatenate([rules.steps, alone])).double()
        self._added = here(np.array([*rules.added.tolist(), 1, 1]))
        self._complement = len(rules.steps) + 1
        self._mixers = here(_mixers(3 + len(self.shared.full)))
        self.n_cells = self.shared.size.sum().double().reshape(1, 1)

    def counts(self, beams: Beams, found: Candidates) -> Tensor:
        """Both sizes of candidates, or where the step is CARRIED of the formulas themselves,
        `int64[n, 2]`."""
        unit, slot, step, concept, _ = found
        is_pair = concept < 0
        of_all, of_f, of_c, of_both = self._coefficients[step].T
        place, added = slot.masked_fill(is_pair, 0), concept.masked_fill(is_pair, 0)
        both, on_both = self.units.split(beams.rows[:, unit, place, added])
        f, f_on = beams.parts[unit, place, SIZE:DEPTH].double().T.contiguous()
        c, c_on = self.shared.counts[added], self.units.on_count[unit, added]
        if self.known is not None and is_pair.any():
            u, i, j = unit[is_pair], slot[is_pair], -1 - concept[is_pair]
            f[is_pair], f_on[is_pair], _ = self.known.counts(u, i)
            c[is_pair], c_on[is_pair], _ = self.known.counts(u, j)
            both[is_pair], on_both[is_pair] = self.known.meet(u, i, j)
        size = of_all * self.n_cells[0] + of_f * f + of_c * c
        on = of_all * self.units.n_on[unit] + of_f * f_on + of_c * c_on
        return torch.stack([size + of_both * both, on + of_both * on_both], 1).long()

    def words(self, beams: Beams, found: Candidates) -> Tensor:
        """Packed bits of candidates, or where the step is CARRIED of the formulas themselves."""
        unit, slot, step, concept, _ = found
        is_pair = concept < 0
        place = unit * self.n_places + slot.masked_fill(is_pair, 0)
        f = beams.words.flatten(0, 1).index_select(0, place)
        c = self.shared.words.index_select(0, concept.masked_fill(is_pair, 0))
        if self.known is not None and is_pair.any():
            f[is_pair] = self.known.words[unit[is_pair], slot[is_pair]]
            c[is_pair] = self.known.words[unit[is_pair], -1 - concept[is_pair]]
        ff, ft, tf, tt = self._tables[step].T.unsqueeze(-1)
        made = ((ff & ~c) | (ft & c)) & ~f | ((tf & ~c) | (tt & c)) & f
        inside: Tensor = made & self.shared.full
        return inside

    def parts(self, beams: Beams, found: Candidates) -> Tensor:
        """What is noted of candidates, `int64[n, 6]`."""
        unit, slot, step, concept, _ = found
        is_pair = concept < 0
        depth = beams.parts[unit, slot.masked_fill(is_pair, 0), DEPTH] + self._added[step]
        if self.known is not None and is_pair.any():
            u, i, j = unit[is_pair], slot[is_pair], -1 - concept[is_pair]
            depth[is_pair] = self.known.counts(u, i)[2] + self.known.counts(u, j)[2]
        columns = [slot, step, concept, *self.counts(beams, found).T, depth]
        return torch.stack(columns, 1)  # in the order of PARENT, STEP, CONCEPT, SIZE, ON, DEPTH

    def are_new(
        self,
        beams: Beams,
        pending: Tensor,
        found: Candidates,
        stop: int,
        entered: Candidates | None,
    ) -> Tensor:
        """Whether a candidate equals no formula of the beams, none that has entered before, and no
        candidate before it, `bool[n]`.

        Args:
            beams: The beams before.
            pending: Units that are asked for.
            found: The candidates.
            stop: The first place that does not count.
            entered: What has entered before, or None.
        """
        is_asked = torch.zeros_like(beams.expands)
        is_asked[pending, :stop] = True
        kept_unit, kept_slot = (is_asked & (beams.scores > -INF)).nonzero(as_tuple=True)
        zeros = torch.zeros_like(kept_unit)
        kept = Candidates(kept_unit, kept_slot, zeros + CARRIED, zeros, zeros.double())
        before = [kept]
        if entered is not None:
            before.append(entered.where(is_asked[entered.unit, 0]))
        everything = Candidates.joined([*before, found])
        unit = everything.unit
        mixers = self._mixers
        keys = unit * mixers[0] + (self.counts(beams, everything) * mixers[1:3]).sum(1)
        _, group, n_alike = torch.unique(keys, return_inverse=True, return_counts=True)
        alike = (n_alike[group] > 1).nonzero().squeeze(1)
        some = everything.where(alike)
        words = self.words(beams, some)
        keys = some.unit * mixers[0] + (words * mixers[3:]).sum(1)
        is_new = torch.ones(len(unit), dtype=torch.bool, device=unit.device)
        is_new[alike] = first_of_equals(some.unit, words, keys)
        return is_new[len(unit) - len(found.unit) :]

    def derive(self, beams: Beams, level: int) -> Beams:
        """Words and rows of what is new in the beams, from those of the beams before.

        Rows come from those of the parent, of the empty set, or of all signatures: whatever differs
        on the fewest signatures.
        """
        unit, slot = beams.is_new.nonzero(as_tuple=True)
        parent, step, concept = beams.parts[unit, slot, :SIZE].T
        found = Candidates(unit, parent, step, concept, unit.double())
        words = self.words(beams, found)
        is_pair = concept < 0
        first = torch.arange(len(beams.parts), device=unit.device).unsqueeze(1) * self.n_places
        is_of_pair = beams.is_new & (beams.parts[..., CONCEPT] < 0)
        come_from = (first + beams.parts[..., PARENT].masked_fill(is_of_pair, 0)).flatten()
        place = unit * self.n_places + slot
        kept, rows = beams.words.flatten(0, 1).index_select(0, come_from), beams.rows.flatten(1, 2)
        if level:
            rows = rows.index_select(1, come_from)
            changed, rest = words ^ kept[place], ~words & self.shared.full
            n, n_rest, n_changed = popcount(words), popcount(rest), popcount(changed)
            n_changed[is_pair] = 1 + len(self.shared.size)
            is_anew = (n < n_changed) & (n <= n_rest)
            is_rest = (n_rest < n_changed) & (n_rest < n)
            changed = torch.where(is_anew.unsqueeze(1), words, changed)
            changed = torch.where(is_rest.unsqueeze(1), rest, changed)
            rows[:, place[is_anew]] = 0
            rows[:, place[is_rest]] = self._everything(unit[is_rest])
            self.units.add(rows, place, unit, changed, words)
        else:
            rows[:, place] = self.units.together(concept)
            changed = self.shared.words.index_select(0, concept) & self.units.fires[unit]
            self.units.add(rows, place, unit, changed, changed, is_on_only=True)
            is_not = step == self._complement
            rows[:, place[is_not]] = self._everything(unit[is_not]) - rows[:, place[is_not]]
        kept[place] = words
        return beams._replace(words=kept.view_as(beams.words), rows=rows.view_as(beams.rows))

    def _everything(self, unit: Tensor) -> Tensor:
        """Rows of what holds everywhere, `int64[n_parts, n, n_concepts]`."""
        sizes = self.shared.counts.long().expand(len(unit), -1)
        ons = self.units.on_count.index_select(0, unit).long()
        if self.shared.n_parts == 2:
            return torch.stack([sizes, ons])
        return (sizes + (ons << HALF)).unsqueeze(0)


def sum_of(base: Tensor, of_c: int, c: Tensor, of_both: int, both: Tensor) -> Tensor:
    """A sum of whole numbers below 2^53, so exact."""
    out = torch.add(base, both, alpha=of_both)
    return out.add_(c, alpha=of_c) if of_c else out


def _mixers(n: int) -> NDArray[np.int64]:
    """Odd factors for hashes."""
    return np.random.default_rng(0).integers(-(2**63), 2**63, n) | 1
