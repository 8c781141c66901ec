"""The main job: the best formula of each unit."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from itertools import groupby
from numbers import Integral
from typing import TYPE_CHECKING, Any

from logicx.errors import DataError, OptionError
from logicx.runs.beams import BeamSearch, whole
from logicx.runs.strategies import STRATEGIES, ProofSearch, UnitSearch
from logicx.scoring.objectives import Objective
from logicx.scoring.objectives import objective as known_objective
from logicx.scoring.results import Explanation, Skipped
from logicx.scoring.score import check_kinds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.search.beam import Dedupe
    from logicx.search.heuristics.roles import Heuristic
    from logicx.units.units import Units


BEAM_ONLY: dict[str, Any] = {
    "beam": 10,
    "preset": "default",
    "penalty": 1.0,
    "steps": ("OR", "AND", "AND NOT"),
    "dedupe": None,
    "bound_time": 0.0,
    "heuristic": "none",
    "engine": "auto",
}
"""Options of the beam alone, and their defaults."""

PROOFS_ONLY: dict[str, Any] = {"shape": None, "time_limit": None, "node_limit": None}
"""Options of the strategies that prove, and their defaults."""


class Explanations:
    """The best formula of each unit, found as you iterate; made by `explain`.

    Attributes:
        engine: The engine that searches: `numpy`, `numba`, or `torch:` and the device.
        note: What a person should know of that choice, or nothing.
        units: Names of the units that are searched, in order.
        skipped: Units left out so far because they hardly fire, or by a preset's rules.
        min_active: Units that fire at fewer valid cells are skipped.
    """

    def __init__(
        self,
        bank: ConceptBank,
        units: Units,
        names: Sequence[str],
        search: UnitSearch,
        min_active: int,
        is_strict: bool,
        n_threads: int = 1,
        *,
        search_on: Callable[[ConceptBank], UnitSearch],
    ) -> None:
        """Take the plan over; nothing is searched yet."""
        self.engine, self.note = search.engine
        self.bank = bank
        self.all_units = units
        self.units = tuple(names)
        self.skipped: list[Skipped] = []
        self._search = search
        self._search_on = lru_cache(maxsize=4)(search_on)
        self.min_active = min_active
        self._is_strict = is_strict
        self._n_threads = n_threads

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome, with content hashes of bank and units."""
        return self._search.settings(self.bank, self.all_units)

    @property
    def objective(self) -> str:
        """What is maximised."""
        return self._search.objective.name

    def __len__(self) -> int:
        """Number of units that are searched or skipped."""
        return len(self.units)

    def __iter__(self) -> Iterator[Explanation]:
        """Search the units; results come in their order, whatever the number of threads."""
        self.skipped.clear()
        for one in self.results():
            if isinstance(one, Skipped):
                self.skipped.append(one)
            else:
                yield one

    def results(self, start: int = 0) -> Iterator[Explanation | Skipped]:
        """What becomes of each unit, in order, from the given place on; nothing is kept."""
        from threading import Event

        from logicx.runs.running import in_order

        stop = Event()
        work = partial(self._explain, stop=stop)
        n_at_once = self._search.units_at_once(self.bank)
        parts = (
            self.units[first : first + n_at_once]
            for first in range(start, len(self.units), n_at_once)
        )
        for part in in_order(work, parts, self._n_threads, stop):
            for one in part:
                if self._is_strict and isinstance(one, Skipped):
                    raise DataError(f"unit {one.unit!r} cannot be explained: {one.reason}")
                yield one
                if isinstance(one, Explanation) and one.is_interrupted:
                    raise KeyboardInterrupt  # the proof of this unit was stopped: so is the run

    def _explain(self, names: Sequence[str], stop: Event) -> list[Explanation | Skipped]:
        """Units that are known at the same cells are searched together."""
        found: list[Explanation | Skipped] = []
        banks = [self.all_units.bank_for(self.bank, name) for name in names]
        for _, part in groupby(zip(names, banks, strict=True), lambda one: id(one[1])):
            some = [*part]
            found += self._explain_on(some[0][1], [name for name, _ in some], stop)
        return found

    def _explain_on(
        self, bank: ConceptBank, names: Sequence[str], stop: Event
    ) -> list[Explanation | Skipped]:
        """What becomes of some units on the bank, or on those of its cells where they are known."""
        on = [self.all_units.on(bank, name) for name in names]
        skipped = [self._skipped(*one) for one in zip(names, on, strict=True)]
        searched = [i for i, one in enumerate(skipped) if one is None]
        if not searched:
            return [one for one in skipped if one is not None]
        try:
            search = self._search if bank is self.bank else self._search_on(bank)
        except OptionError as error:  # too few cells are left for what the options ask
            return [
                one or Skipped(name, error.message)
                for name, one in zip(names, skipped, strict=True)
            ]
        found = iter(
            search.explain(
                bank,
                self.all_units,
                [names[i] for i in searched],
                [on[i] for i in searched],
                stop,
            )
        )
        told = [one or next(found) for one in skipped]
        return told if bank is self.bank else [self._noted(one) for one in told]

    def _noted(self, found: Explanation | Skipped) -> Explanation | Skipped:
        """What was found on some cells of the bank, as of the bank, with a note that says so."""
        if isinstance(found, Skipped):
            return found
        settings = {**found.settings, **self.settings}
        notes = (*found.notes, self.all_units.note_of(found.unit))
        return replace(found, settings=settings, notes=notes)

    def _skipped(self, name: str, on: NDArray[np.int64]) -> Skipped | None:
        n_on = int(on.sum())
        if n_on >= self.min_active:
            return None
        reason = (
            "it never fires on a valid cell"
            if n_on == 0
            else f"it fires at {n_on:,} cells, fewer than min_active={self.min_active:,}"
        )
        return Skipped(name, reason)


def explain(
    bank: ConceptBank,
    units: Units,
    *,
    unit: str | int | Sequence[str | int] = "all",
    length: int = 3,
    beam: int = 10,
    strategy: str = "beam",
    shape: str | None = None,
    time_limit: float | None = None,
    node_limit: int | None = None,
    preset: str = "default",
    objective: str | Objective = "iou",
    penalty: float = 1.0,
    steps: str | Sequence[str] = ("OR", "AND", "AND NOT"),
    dedupe: Dedupe | None = None,
    heuristic: str | Heuristic = "none",
    atoms: str | Sequence[str] = "auto",
    min_active: int = 1,
    min_support: int = 0,
    min_atom_support: int = 0,
    bound_time: float = 0.0,
    engine: str = "auto",
    threads: int = 1,
) -> Explanations:
    """The best formula that a search finds for each unit.

    Args:
        bank: The concepts.
        units: The units.
        unit: `"all"`, or names or numbers of units. One unit that is asked for and hardly fires is
            an error; of several, such ones are skipped and listed in `.skipped`.
        length: Most atoms of a formula, from 1.
        beam: How many formulas are kept at each step, from 1.
        strategy: `beam`; `optimal`, which proves that no formula of a stated space is better, or
            how much better one can be (needs the extra `fast`; see docs/optimal.md); or
            `exhaustive`, which tries every formula of a small bank. The latter two take `length`,
            `objective`, `shape`, `min_active`, `min_atom_support` and `threads`, and `optimal` also
            limits; the options of the beam mean nothing there.
        shape: For these: `tree` (any formulas are joined) or `chain` (one concept is added at a
            time, as the beam does); by default `tree`.
        time_limit: For `optimal`: CPU seconds for each unit, above 0; then `bound` is what was
            proven. From length 5 on this or `node_limit` must be given.
        node_limit: For `optimal`: how much is looked at for each unit, from 1; unlike with
            `time_limit` the outcome is always the same.
        preset: Search rules: `default`, or those of a published tool: `compexp` and
            `compexp-vision` (the paper's code), `cce`, `optimal` (the beam of that package; the
            strategy of this name is something else). It sets neither `beam` nor `length`.
        objective: What is maximised; see `logicx.scoring.objectives`.
        penalty: The score is multiplied by this for every atom after the first.
        steps: How formulas grow: two-argument connectives, with or without NOT after them (a list,
            or text with commas between them).
        dedupe: Which formulas count as the same: those that denote the same cells (`meaning`),
            that have the same canonical form (`form`), that differ in the order of operands only
            (`order`), or none; by default as the preset says.
        heuristic: What estimates candidates, so that only the promising ones are scored: `none`,
            `bounds`, `cfh`, `areas`, `areas-fixed`, `mmesh`, `mmesh-exact`, `diou-sum`,
            `diou-group`, or one of your own. With `areas` and `mmesh` (published) the outcome may
            be worse; see docs/heuristics.md.
        atoms: What formulas are made of besides the concepts: `auto`, all operators on one concept
            that say where they apply, such as NEIGHBORS (with the preset of a published tool:
            none); `concepts`, none; or keywords of such operators.
        min_active: Units that fire at fewer valid cells are skipped. The paper uses 5 % of cells.
        min_support: Formulas that hold at fewer valid cells are not kept, at no length: a small AND
            is reached only by way of formulas that are large enough. By default all may be.
            `exhaustive` passes through all formulas, and returns one that is large enough;
            `optimal` has no such option.
        min_atom_support: Concepts that hold at fewer valid cells take no part. By default all do,
            also those that hold nowhere.
        bound_time: For the beam: CPU seconds for each unit in which a bound is proven on formulas
            of at most `length` concepts, as `optimal` proves it (with its limits); 0 for none.
        engine: What counts: `numpy`; `numba`, compiled and several times faster (the extra `fast`);
            `torch`, many units at once, on the device that is named (`torch:cuda:1`), else on an
            accelerator if there is one; or `auto`, which takes `numba` where it is installed and
            NumPy would take about two seconds or more. All find the same; `settings["engine"]`
            says which it was.
        threads: How many units are searched at a time; with `torch`, how many batches.

    Returns:
        An iterable of `Explanation`, searched as you go.

    Raises:
        OptionError: An option means nothing.
        UniverseError: Bank and units speak of different cells.

    Source:
        Mu and Andreas 2020, section 2.

    Example:
        >>> from logicx import ConceptBank, Units
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> units = Units.from_masks([[1, 0, 0, 0]], ["483"])
        >>> for found in explain(bank, units):
        ...     print(found.unit, found.formula, found.score)
        483 water AND NOT blue 1.0
    """
    check_kinds(bank, units)
    if strategy not in STRATEGIES:
        raise OptionError(f"strategy is one of {', '.join(STRATEGIES)}, not {strategy!r}")
    if min_active < 1:
        raise OptionError(f"min_active must be at least 1, not {min_active}")
    if not isinstance(threads, int) or threads < 1:
        raise OptionError(f"threads must be a whole number from 1, not {threads!r}")
    if not bank.n_concepts:
        raise DataError(f"bank {bank.name!r} has no concepts")
    units.check_universe(bank)
    goal = known_objective(objective)
    is_all = isinstance(unit, str) and unit == "all"
    chosen: list[Any] = [unit]
    if not isinstance(unit, (str, Integral)):
        chosen = list(unit)  # type: ignore[arg-type]
    names = units.names if is_all else [units.names[units.number(one)] for one in chosen]
    for_beam: dict[str, Any] = {"beam": beam, "preset": preset, "penalty": penalty}
    for_beam |= {"steps": steps if isinstance(steps, str) else tuple(steps), "dedupe": dedupe}
    for_beam |= {"bound_time": bound_time, "engine": engine, "heuristic": heuristic}
    for_proof: dict[str, Any] = {
        "shape": shape,
        "time_limit": time_limit,
        "node_limit": whole(node_limit),
    }
    shared: dict[str, Any] = {
        "atoms": atoms,
        "min_support": whole(min_support),
        "min_atom_support": whole(min_atom_support),
    }
    if strategy == "beam":
        _refuse(for_proof, PROOFS_ONLY, strategy)
    else:
        _refuse(for_beam, BEAM_ONLY, strategy)

    def search_on(some: ConceptBank) -> UnitSearch:
        if strategy == "beam":
            has_masks = units.has_masks
            return BeamSearch.of(
                some, goal, len(names), length, has_masks=has_masks, **for_beam, **shared
            )
        return ProofSearch.of(some, strategy, goal, whole(length), **for_proof, **shared)

    is_strict = len(chosen) == 1 and not is_all
    search = search_on(bank)
    return Explanations(
        bank, units, names, search, min_active, is_strict, threads, search_on=search_on
    )


def _refuse(given: dict[str, Any], defaults: dict[str, Any], strategy: str) -> None:
    """Refuse options that the strategy would not heed."""
    for option, value in given.items():
        if value != defaults[option]:
            hint = "strategy=optimal" if strategy == "beam" else "strategy=beam"
            raise OptionError(f"{option} means nothing to the strategy {strategy}", hint=hint)
