"""Which engine searches, and how many units at a time; the outcome is the same whatever it is."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

import numpy as np

from logicx.engines.layout import (
    CARRIED,
    CONCEPT,
    ON,
    PARENT,
    SIZE,
    STEP,
    Found,
    Levels,
    Rules,
    compiled_kind,
)
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import OptionError, did_you_mean
from logicx.search.formulas.joins import JoinedNode
from logicx.search.formulas.literals import LiteralSpace
from logicx.search.formulas.space import FormulaNode, FormulaSpace
from logicx.search.formulas.steps import Step
from logicx.search.heuristics import NONE
from logicx.search.lanes import Lanes
from logicx.search.space import Kept, SearchResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from threading import Event

    import torch
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.runs.planning import Plan
    from logicx.scoring.objectives import Objective
    from logicx.search.beam import Beam
    from logicx.search.heuristics.space import GuidedFormulas
    from logicx.units.firing import Firing

ENGINES = ("auto", "numpy", "numba", "torch")
INSTALL = 'install it: pip install "logicx[fast]"'

WORTH_SECONDS = 2.0
"""NumPy time from which on loading Numba, about a second, is worth it."""

SECONDS_PER_CANDIDATE = 7e-9
MAX_COMPILED_STEPS = 8

T = TypeVar("T")
U = TypeVar("U")


class Engine(NamedTuple):
    """The engine that searches, and what a person should know of the choice."""

    name: str
    note: str = ""

    def units_at_once(self, bank: ConceptBank, width: int) -> int:
        """How many units `search` should be given, from 1."""
        if not self._device:
            return 1
        import torch

        from logicx.engines.torch_engine import units_at_once

        return units_at_once(bank, width, torch.device(self._device))

    @property
    def _device(self) -> str:
        return self.name.partition(":")[2]

    def search(
        self,
        plan: Plan,
        bank: ConceptBank,
        units: Sequence[Firing],
        masks: Sequence[NDArray[np.bool_] | None],
    ) -> list[SearchResult[FormulaNode]]:
        """Run the beam against some units; the best of each length is sure to be in each result.

        Whole beams are where the plan asks for alternatives.

        Args:
            plan: What is searched and how.
            bank: The concepts.
            units: Where each unit fires.
            masks: The cells at which each is on, where the plan's heuristic needs them.
        """
        kind, is_whole = NumpyEngine, plan.alternatives > 1
        if self.name == "numba":
            from logicx.engines.numba_engine import NumbaEngine

            kind = NumbaEngine
        spaces = [
            plan.space(kind(bank, *one[:1]), one[1]) for one in zip(units, masks, strict=True)
        ]
        if self._device:
            import torch

            device = torch.device(self._device)
            return search_on_device(plan.beam, spaces, device, all_slots=is_whole, extra=plan.extra)
        if self.name == "numba":
            return [search_compiled(plan.beam, one, is_whole, plan.extra) for one in spaces]
        if plan.heuristic is not NONE:
            from logicx.search.guided import Guided

            guided = cast("list[GuidedFormulas]", spaces)
            return [Guided(plan.beam).search(space) for space in guided]
        found = []
        for space in spaces:
            if isinstance(space, LiteralSpace):
                found.append(Lanes(plan.beam, plan.extra).search(space))
            else:
                found.append(plan.beam.search(space))
            space.forget_rows()
        return found


def choose_engine(asked: str, plan: Plan, bank: ConceptBank, n_units: int) -> Engine:
    """The engine for a search.

    `numpy` is always there. `numba` needs the extra `fast`; what it has not compiled (objectives of
    your own, dedupe by form or order, heuristics, some presets) NumPy searches, and a note says so.
    `torch` may name a device (`torch:cuda:1`), and leaves the same to NumPy. `auto` takes `numba`
    where it is installed, can do the search, and NumPy would take an estimated two seconds or more;
    for less work Numba is not even imported. It never takes `torch`, which nobody has measured on
    an accelerator.

    Raises:
        OptionError: There is no such engine or device, or it is not installed.
    """
    name, colon, device = asked.partition(":")
    if name not in ENGINES or (colon and name != "torch"):
        raise OptionError(
            f"no engine {asked!r}",
            hint=did_you_mean(asked, ENGINES) or f"use one of: {', '.join(ENGINES)}",
        )
    if asked == "numpy":
        return Engine("numpy")
    n_steps = 0 if name == "torch" else len(plan.steps)
    why_not = why_not_compiled(plan.beam, plan.goal, n_steps, plan.rules.refuses_some)
    if plan.heuristic is not NONE:
        why_not = f"the heuristic {plan.heuristic.name} is not compiled"
    if plan.moves:
        why_not = f"{', '.join(map(str, plan.moves))} is not compiled"
    if name in ("numba", "torch"):
        if name == "numba":
            _import_numba()
        else:
            from logicx.engines.torch_engine import find_device

            asked = f"torch:{find_device(device)}"
        note = f"{why_not}: the engine numpy searches" if why_not else ""
        return Engine("numpy" if why_not else asked, note)
    if why_not or numpy_seconds(bank, plan.beam, n_steps, n_units) < WORTH_SECONDS:
        return Engine("numpy")
    try:
        _import_numba()
    except OptionError as error:
        return Engine("numpy", f"{error.message}; with it this is several times faster: {INSTALL}")
    return Engine("numba")


def numpy_seconds(bank: ConceptBank, beam: Beam, n_steps: int, n_units: int) -> float:
    """About how long the NumPy engine takes."""
    n_candidates = bank.n_concepts * n_steps + bank.n_signatures
    return SECONDS_PER_CANDIDATE * n_units * beam.length * beam.width * n_candidates


def why_not_compiled(beam: Beam, goal: Objective, n_steps: int, refuses_some: bool = False) -> str:
    """Why the compiled search, or that of torch, cannot do this, or nothing."""
    if beam.first_factor != 1 or beam.expands != "all" or beam.counts_remade or refuses_some:
        return "this preset's beam is not compiled"
    if compiled_kind(goal) is None:
        return f"the objective {goal.name} is not compiled"
    if beam.dedupe in ("form", "order"):
        return f"dedupe by {beam.dedupe} is not compiled"
    if n_steps > MAX_COMPILED_STEPS:
        return f"more than {MAX_COMPILED_STEPS} steps are not compiled"
    return ""


def _import_numba() -> None:
    if find_spec("numba") is None:
        raise OptionError("the engine numba is not installed", hint=INSTALL)
    try:
        import logicx.engines.numba_engine  # noqa: F401
    except ImportError as error:
        raise OptionError(f"numba cannot be loaded: {error}", hint=INSTALL) from error


def in_order(
    work: Callable[[T], U], items: Iterable[T], n_threads: int, stop: Event
) -> Iterator[U]:
    """The work done on each item, in order, by several threads that run a little ahead.

    At the end, or where it is broken off, `stop` is set: work that heeds it ends soon.
    """
    if n_threads == 1:
        yield from map(work, items)
        return
    from collections import deque
    from concurrent.futures import Future, ThreadPoolExecutor

    pool = ThreadPoolExecutor(n_threads, thread_name_prefix="logicx")
    ahead: deque[Future[U]] = deque()
    try:
        for item in items:
            ahead.append(pool.submit(work, item))
            if len(ahead) > 2 * n_threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        stop.set()
        pool.shutdown(wait=True, cancel_futures=True)


def search_compiled(
    beam: Beam, space: FormulaSpace, all_slots: bool = False, extra: int = 0
) -> SearchResult[FormulaNode]:
    """What `beam.search(space)` finds, compiled; with `extra`, what `Lanes(beam, extra)` finds.

    Args:
        beam: The strategy.
        space: The space; its engine is a `NumbaEngine`.
        all_slots: Whether to return whole beams, not only the best of each length.
        extra: Places of a second lane, of formulas over literals; then of a `LiteralSpace`.

    Raises:
        OptionError: This search is not compiled; see `why_not_compiled`.
    """
    from logicx.engines.numba_engine import NumbaEngine

    rules = _rules(beam, space, len(space.steps))
    assert isinstance(space.engine, NumbaEngine)
    found = space.engine.beam(beam.length, rules, extra)
    return _told(beam, space, found, all_slots)


def search_on_device(
    beam: Beam,
    spaces: Sequence[FormulaSpace],
    device: torch.device,
    all_slots: bool = False,
    extra: int = 0,
) -> list[SearchResult[FormulaNode]]:
    """What `beam.search`, or `Lanes(beam, extra)`, finds in each space, all at once, in PyTorch.

    Args:
        beam: The strategy.
        spaces: Spaces over one bank, alike but for the unit and the operands.
        device: Where to compute; see `find_device`.
        all_slots: Whether to return whole beams, not only the best of each length.
        extra: Places of a second lane; then the spaces are such as `LiteralSpace`.

    Raises:
        OptionError: This search is not compiled, and so not there either; see `why_not_compiled`.
    """
    from logicx.engines.torch_beam import TorchBeam
    from logicx.engines.torch_engine import TorchBank, TorchUnits

    if not spaces:
        return []
    bank = spaces[0].engine.bank
    rules = [_rules(beam, space, 0) for space in spaces]
    units = TorchUnits(bank, TorchBank.of(bank, device), [space.engine.firing for space in spaces])
    may_add = np.array([one.may_add for one in rules])
    found = TorchBeam(units, rules[0], may_add, extra).search(beam.length)
    return [_told(beam, space, one, all_slots) for space, one in zip(spaces, found, strict=True)]


def _rules(beam: Beam, space: FormulaSpace, n_steps: int) -> Rules:
    kind = compiled_kind(space.objective)
    why_not = why_not_compiled(beam, space.objective, n_steps, space.refuses_some)
    if kind is None or why_not:
        raise OptionError(why_not)
    drops_equals = beam.dedupe == "meaning"
    may_add = np.zeros(space.engine.bank.n_concepts, bool)
    may_add[space.operands] = True
    steps = (*space.steps, *_crossing(space))
    coefficients, tables, one_sided = _of_steps(steps)
    return Rules(
        *kind,
        steps=coefficients,
        tables=tables,
        one_sided=one_sided,
        added=np.array([space.added(one) for one in steps], np.int64),
        factors=space.factors(2 * beam.length + 1),
        may_add=may_add,
        min_support=space.min_support,
        start_floor=-np.inf if beam.starts_with_zeros else 0.0,
        drops_equals=drops_equals,
        expands_once=drops_equals and space.penalty == 1,
        width=beam.width,
        n_first=len(space.steps),
        negates=isinstance(space, LiteralSpace) and space.negates,
        joins=isinstance(space, LiteralSpace) and space.joins,
    )


def _told(
    beam: Beam, space: FormulaSpace, found: Found, all_slots: bool
) -> SearchResult[FormulaNode]:
    tell = _Nodes(space, found.levels, beam.width)
    n_slots = found.levels.scores.shape[1] if all_slots else 1
    levels = [tell.level(level, n_slots) for level in range(found.n_filled)]
    levels += [levels[-1]] * (beam.length - found.n_filled)
    return SearchResult(levels, found.n_scored)


class _Nodes:
    """Formulas of compiled beams, each made once and only when asked for."""

    def __init__(self, space: FormulaSpace, levels: Levels, width: int) -> None:
        self._space = space
        self._scores = levels.scores
        self._n_kept = levels.n_kept.tolist()
        self._parts = levels.parts
        self._known = levels.known
        self._width = width
        self._steps = (*space.steps, *_crossing(space))
        self._made: dict[tuple[int, int], FormulaNode] = {}

    def level(self, level: int, n_slots: int) -> list[Kept[FormulaNode]]:
        """The best so many of a level."""
        n_first, n_second = self._n_kept[level]
        slots = [*range(n_first), *range(self._width, self._width + n_second)]
        if isinstance(self._space, LiteralSpace):
            slots = self._by_rank(self._space, level, slots, n_slots)
        scores = self._scores[level, slots].tolist()
        some = zip(scores[:n_slots], slots, strict=False)
        return [Kept(score, self._node(level, i)) for score, i in some]

    def _by_rank(
        self, space: LiteralSpace, level: int, slots: list[int], n_slots: int
    ) -> list[int]:
        """Slots of both lanes, best first; of equal scores, as the space ranks them."""
        scores = dict(zip(slots, self._scores[level, slots].tolist(), strict=True))
        if n_slots == 1:  # nearly always one alone is best, and no formula need be made
            most = max(scores.values(), default=0)
            slots = [i for i in slots if scores[i] == most]
        if len(slots) < 2:
            return slots
        return sorted(slots, key=lambda i: (-scores[i], *space.rank(self._node(level, i))))

    def _node(self, level: int, slot: int) -> FormulaNode:
        part = self._parts[level, slot].tolist()
        while part[STEP] == CARRIED:
            level, slot = level - 1, part[PARENT]
            part = self._parts[level, slot].tolist()
        node = self._made.get((level, slot))
        if node is None:
            node = self._made[level, slot] = self._new(level, slot, part)
        return node

    def _new(self, level: int, slot: int, part: list[int]) -> FormulaNode:
        space, sizes = self._space, (part[SIZE], part[ON])
        if not level:
            is_negated = slot >= self._width
            return FormulaNode(space, None, None, part[CONCEPT], *sizes, is_negated)
        step = self._steps[part[STEP]]
        if part[CONCEPT] >= 0:
            return FormulaNode(
                space, self._node(level - 1, part[PARENT]), step, part[CONCEPT], *sizes
            )
        known = self._known[[part[PARENT], -1 - part[CONCEPT]]].tolist()
        first, second = (self._node(*one) for one in known)
        return JoinedNode(space, first, step, -1, *sizes, False, second)


def _crossing(space: FormulaSpace) -> tuple[Step, ...]:
    """The steps of a second lane that the first lacks, where there is one."""
    return space.crossing if isinstance(space, LiteralSpace) else ()


@lru_cache
def _of_steps(steps: tuple[Step, ...]) -> tuple[Any, Any, Any]:
    """Coefficients, truth tables as full or empty words, and which steps are one-sided."""
    alone = (False, True, False, True), (True, False, True, False)
    tables = [*(one.table for one in steps), *alone]
    return (
        np.array([[one.all, one.f, one.c, one.both] for one in steps], np.int64),
        np.where(tables, ~np.uint64(0), np.uint64(0)),
        np.array([one.is_one_sided for one in steps]),
    )
