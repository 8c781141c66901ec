"""The kit for presets: a beam by their rules is held against a slow loop over sets of cells."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from logicx.language.canon import canonical
from logicx.language.formula import Apply
from logicx.parts import Owner
from logicx.runs.explain import explain
from logicx.runs.presets import PRESET_KIND, Preset, check_part
from logicx.runs.strategies.beam import Beam
from logicx.scoring.objectives import IoU, objective_named
from logicx.testing.worlds import DEFAULT, STEPS, World, world

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from logicx.language.formula import Formula
    from logicx.testing.worlds import Masks

N_WORLDS = 3
"""Banks that are tried of each kind of universe."""

SEARCHES = (("iou", 1, 1.0), ("iou", 3, 0.9), ("iou", 6, 1.0), ("mcc", 3, 1.0))
"""Objectives, widths and penalties that are tried."""

LENGTH = 4


def check_preset(part: str | Preset) -> None:
    """Hold a preset against all that one must do.

    It is named in a word and documented, its rules mean something, and it can be pickled. A beam by
    it finds, at every length, what a slow loop by the same rules finds, which counts cells one by
    one: by IoU as the preset computes it and by another objective, over rows, tokens and pixels,
    for several widths and with a penalty; the same whenever it is asked; no formula is too long.

    Args:
        part: The preset, or the name under which it is registered.

    Raises:
        AssertionError: The beam finds something else.
        LogicxError: It is no preset, or a rule of it means nothing.

    Example:
        >>> check_preset("cce")
    """
    found = PRESET_KIND.get(part) if isinstance(part, str) else part
    check_part(found, Owner("the preset under test"))
    what = f"preset {found.name!r}"
    assert Beam(preset=found).preset == found, f"{what} is not what a beam is made with"
    n_found = 0
    for kind in ("rows", "tokens", "pixels"):
        for seed in range(N_WORLDS):
            n_found += _check_world(found, world(seed, kind), what)
    assert n_found, f"with {what} a beam finds nothing in any world"
    try:
        copied = pickle.loads(pickle.dumps(found))
    except Exception as error:
        raise AssertionError(f"{what} cannot be pickled: {error}") from error
    assert copied == found, f"{what} is another once it was pickled"


def _check_world(rules: Preset, one: World, what: str) -> int:
    """How many explanations were held against those of the slow loop."""
    n_found = 0
    for goal, width, penalty in SEARCHES:
        wanted, n_scored = _Slowly(rules, one, goal, width, penalty).levels()
        plan = explain(
            one.bank,
            one.units,
            preset=rules,
            objective=goal,
            beam=width,
            penalty=penalty,
            length=LENGTH,
            atoms="concepts",
            literals=False,
        )
        told = list(plan)
        assert told == [*plan], f"{what} finds something else when asked again"
        where = f"by {goal} over {one.bank.universe}, beam={width}, penalty={penalty:g}"
        assert bool(told) == bool(wanted), (
            f"with {what} a beam finds {told}, and by its rules {wanted} ({where})"
        )
        if not told:
            continue
        n_found += 1
        (best,) = told
        n_levels = len(best.by_length)
        assert n_levels == LENGTH, f"{what} gives {n_levels} lengths, not {LENGTH} ({where})"
        for n, (mine, its) in enumerate(zip(best.by_length, wanted, strict=True), 1):
            text = str(mine.formula)
            assert mine.formula.n_atoms <= n, f"{what} gives {text} for length {n} ({where})"
            assert (mine.formula, mine.score) == its, (
                f"with {what} a beam finds {text} of {mine.score!r} for length {n}, and by "
                f"its rules {its[0]} of {its[1]!r} ({where})"
            )
        assert (best.formula, best.score) == wanted[-1], f"{what} does not tell the best ({where})"
        assert best.n_scored == n_scored, (
            f"with {what} a beam scores {best.n_scored} formulas, and by its rules {n_scored} "
            f"({where})"
        )
        assert best.settings["preset"] == rules.name, f"{what} is noted by another name"
    return n_found


@dataclass(frozen=True)
class _Made:
    """A formula of the slow loop: its concepts and cells, and which concepts never meet it."""

    formula: Formula
    concepts: tuple[int, ...]
    cells: Masks
    n_nots: int
    score: float
    order: tuple[str, tuple[Hashable, ...]]
    apart: frozenset[int]


@dataclass(frozen=True)
class _Slowly:
    """A beam by a preset's rules, a formula at a time."""

    rules: Preset
    world: World
    goal: str
    width: int
    penalty: float

    def levels(self) -> tuple[list[tuple[Formula, float]], int]:
        """The best formula of each length, and how many were scored; none where none may begin."""
        n = self.world.bank.n_concepts
        singles = [one for one in map(self._single, range(n)) if self._may_begin(one)]
        kept = _best([], singles, self.width * self.rules.first_factor, self._keys(singles), False)
        if not kept:
            return [], n
        n_scored = n
        found = [(kept[0].formula, kept[0].score)]
        meets = [bool((mask & self.world.unit).any()) for mask in self.world.masks]
        operands = [c for c in range(n) if self.rules.adds_absent or meets[c]]
        for length in range(1, LENGTH):
            newest = self.rules.expands == "newest"
            parents = [one for one in kept if not newest or len(one.concepts) == length]
            grown = [
                self._grown(parent, c, step)
                for parent, c, step in product(parents, operands, DEFAULT)
                if not self._is_refused(parent, c, step)
            ]
            n_scored += len(grown)
            keys = self._keys([*kept, *grown])
            before, kept = kept, _best(kept, grown, self.width, keys, self.rules.counts_remade)
            found.append((kept[0].formula, kept[0].score))
            if [*map(id, kept)] == [*map(id, before)]:  # the same would be made again
                break
        return found + found[-1:] * (LENGTH - len(found)), n_scored

    def _may_begin(self, one: _Made) -> bool:
        return self.rules.starts_with_zeros or one.score > 0

    def _is_refused(self, parent: _Made, concept: int, step: str) -> bool:
        most = self.rules.distinct[step.endswith("NOT")]
        repeats = concept in parent.concepts and len(parent.concepts) < most
        narrows_apart = step.startswith("AND") and concept in parent.apart
        return repeats or (self.rules.skips_apart and narrows_apart)

    def _single(self, concept: int) -> _Made:
        masks = self.world.masks
        return self._made(
            self.world.bank.atom(concept),
            (concept,),
            masks[concept],
            0,
            ("", ((concept, False),)),
            frozenset(c for c, mask in enumerate(masks) if not (mask & masks[concept]).any()),
        )

    def _grown(self, parent: _Made, concept: int, step: str) -> _Made:
        atom, keyword = self._single(concept), step.split()[0]
        is_negated = step.endswith("NOT")
        added = Apply("NOT", (atom.formula,)) if is_negated else atom.formula
        chain, operands = parent.order
        inner = operands if chain in ("", keyword) else (parent.order,)
        apart = {
            "OR": parent.apart & atom.apart,
            "AND": parent.apart | atom.apart,
            "AND NOT": parent.apart,
        }[step]
        return self._made(
            Apply(keyword, (parent.formula, added)),
            (*parent.concepts, concept),
            STEPS[step](parent.cells, atom.cells),
            parent.n_nots + is_negated,
            (keyword, tuple(sorted([*inner, (concept, is_negated)], key=repr))),
            apart,
        )

    def _made(
        self,
        formula: Formula,
        concepts: tuple[int, ...],
        cells: Masks,
        n_nots: int,
        order: tuple[str, tuple[Hashable, ...]],
        apart: frozenset[int],
    ) -> _Made:
        tp, fp = (int((cells & fires).sum()) for fires in (self.world.unit, ~self.world.unit))
        more = len(concepts) - 1 + (n_nots if self.rules.penalizes_not else 0)
        score = float(self._score(tp, fp)) * self.penalty**more
        return _Made(formula, concepts, cells, n_nots, score, order, apart)

    def _score(self, tp: int, fp: int) -> float:
        n_on, n_cells = self.world.counts
        if self.goal != "iou":
            return float(objective_named(self.goal).score(tp, fp, n_on, n_cells))
        how = self.rules.iou
        assert type(how) is IoU, f"preset {self.rules.name!r} has an IoU of its own: {how!r}"
        number = np.float32 if how.is_single else np.float64
        below = number(fp + n_on)
        if how.epsilon:
            below = number(below + how.epsilon)
        return float(number(tp) / below)

    def _keys(self, formulas: Sequence[_Made]) -> dict[int, Hashable]:
        """What is equal for formulas that count as the same, by the identity of each."""
        how = self.rules.dedupe
        if how == "none":
            return {id(one): id(one) for one in formulas}
        if how == "meaning":
            return {id(one): one.cells.tobytes() for one in formulas}
        if how == "order":
            return {id(one): one.order for one in formulas}
        return {id(one): canonical(one.formula) for one in formulas}


def _best(
    kept: Sequence[_Made],
    new: Sequence[_Made],
    width: int,
    keys: dict[int, Hashable],
    counts_remade: bool,
) -> list[_Made]:
    """The best of the beam and of the new, each once; at equal scores the earlier ones."""
    in_beam = {keys[id(one)] for one in kept}
    once: dict[Hashable, _Made] = {}
    for one in sorted(new, key=lambda one: -one.score):
        once.setdefault(keys[id(one)], one)
    fresh = {key: one for key, one in once.items() if key not in in_beam}
    shown = once if counts_remade else fresh
    first = sorted([*kept, *shown.values()], key=lambda one: -one.score)[:width]
    entering = [one for one in first if any(one is made for made in fresh.values())]
    return sorted([*kept, *entering], key=lambda one: -one.score)[:width]
