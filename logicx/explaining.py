"""The main job: the score of a formula, and the best formula of a unit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from logicx.counts import Counts, count, counts_of
from logicx.errors import DataError, LogicxError, OptionError
from logicx.formula import Formula
from logicx.grammar import Dialect
from logicx.language import format_formula, read
from logicx.objectives import Objective, objective, score_counts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from logicx.bank import ConceptBank
    from logicx.search.formulas import FormulaNode
    from logicx.search.space import Kept
    from logicx.units import Units


class Scored(NamedTuple):
    """A formula, its score and its counts."""

    formula: Formula
    score: float
    counts: Counts

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "formula": format_formula(self.formula),
            "score": self.score,
            "counts": asdict(self.counts),
        }


@dataclass(frozen=True)
class Explanation:
    """A formula for a unit, with its exact counts.

    Args:
        unit: Name of the unit.
        formula: The formula.
        score: Its objective, length penalty included.
        counts: Cells where formula and unit agree and differ.
        length: Number of atoms of the formula.
        objective: What was scored or maximised.
        best_single: The best single concept by the same objective.
        by_length: The best formula of each maximum length (searches only).
        n_scored: How many formulas were scored.
        settings: How it was found, with content hashes of bank and units.
        notes: What a person should know of how the formula was read.
    """

    unit: str
    formula: Formula
    score: float
    counts: Counts
    length: int
    objective: str
    best_single: Scored
    by_length: tuple[Scored, ...] = ()
    n_scored: int = 1
    settings: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def iou(self) -> float:
        """Intersection over union."""
        return score_counts("iou", self.counts)

    @property
    def precision(self) -> float:
        """Share of the formula's cells at which the unit fires."""
        return score_counts("precision", self.counts)

    @property
    def recall(self) -> float:
        """Share of the unit's cells that the formula covers."""
        return score_counts("recall", self.counts)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {
            "unit": self.unit,
            "formula": format_formula(self.formula),
            "objective": self.objective,
            "score": self.score,
            "length": self.length,
            "counts": asdict(self.counts),
            "iou": self.iou,
            "precision": self.precision,
            "recall": self.recall,
            "best_single": self.best_single.as_dict(),
            "by_length": [one.as_dict() for one in self.by_length],
            "n_scored": self.n_scored,
            "settings": self.settings,
            "notes": list(self.notes),
        }


def score(
    formula: str | Formula,
    bank: ConceptBank,
    units: Units,
    unit: str | int,
    *,
    objective: str | Objective = "iou",
    dialect: Dialect = "standard",
) -> Explanation:
    """The score of one formula against one unit.

    Args:
        formula: A formula, or its text.
        bank: The concepts.
        units: The units.
        unit: Name or number of the unit.
        objective: What to score; see `logicx.objectives`.
        dialect: How the text is read; see `logicx.parse`.

    Raises:
        FormulaError: The text is no formula.
        UnknownConcept: The bank lacks concepts that it names.
        UnknownUnit: There is no such unit.
        DataError: The unit never fires.

    Example:
        >>> import numpy as np
        >>> from logicx import ConceptBank, Units
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> units = Units.from_masks([[1, 0, 0, 0]], ["483"])
        >>> found = score("water AND NOT blue", bank, units, unit=483)
        >>> found.score, found.counts
        (1.0, Counts(tp=1, fp=0, fn=0, tn=3))
    """
    goal = _objective(objective)
    reading = read(formula, dialect) if isinstance(formula, str) else None
    tree = reading.formula if reading else formula
    assert isinstance(tree, Formula)
    number = units.number(unit)
    name = units.names[number]
    on = _firing(bank, units, number)
    try:
        counts = count(tree, bank, on)
    except LogicxError as error:
        for one in (error, *error.also):
            if isinstance(formula, str):
                one.text = formula
            else:
                one.span = None
        raise
    return Explanation(
        unit=name,
        formula=tree,
        score=score_counts(goal, counts),
        counts=counts,
        length=tree.n_atoms,
        objective=goal.name,
        best_single=best_single(bank, on, goal),
        settings={"bank": bank.content, "units": units.content},
        notes=reading.notes if reading else (),
    )


def best_single(bank: ConceptBank, on: NDArray[np.int64], goal: Objective) -> Scored:
    """The best single concept: what NetDissect would answer."""
    import numpy as np

    from logicx.formula import Concept

    fires = np.flatnonzero(on)
    concepts, lengths = bank.concepts_of.gather(fires)
    weights = np.repeat(on[fires], lengths)
    both = np.bincount(concepts, weights, minlength=bank.n_concepts).astype(np.int64)
    n_on = int(on.sum())
    scores = goal.score(both, bank.count - both, n_on, bank.n_valid)
    best = int(np.argmax(scores))
    counts = counts_of(int(both[best]), int(bank.count[best]), n_on, bank.n_valid)
    return Scored(Concept(bank.names[best]), float(scores[best]), counts)


class Skipped(NamedTuple):
    """A unit that was left out, and why."""

    unit: str
    reason: str


class Explanations:
    """The best formula of each unit, found as you iterate; made by `explain`.

    Attributes:
        units: Names of the units that are searched, in order.
        skipped: Units left out so far because they hardly fire.
        min_active: Units that fire at fewer valid cells are skipped.
    """

    def __init__(
        self,
        bank: ConceptBank,
        units: Units,
        names: Sequence[str],
        search: _Search,
        min_active: int,
        is_strict: bool,
    ) -> None:
        """Take the plan over; nothing is searched yet."""
        self.bank = bank
        self.all_units = units
        self.units = tuple(names)
        self.skipped: list[Skipped] = []
        self._search = search
        self.min_active = min_active
        self._is_strict = is_strict

    @property
    def settings(self) -> dict[str, Any]:
        """How units are searched, with content hashes of bank and units."""
        return self._search.settings(self.bank, self.all_units)

    @property
    def objective(self) -> str:
        """What is maximised."""
        return self._search.objective.name

    def __len__(self) -> int:
        """Number of units that are searched or skipped."""
        return len(self.units)

    def __iter__(self) -> Iterator[Explanation]:
        """Search one unit after the other."""
        self.skipped.clear()
        for one in self.results():
            if isinstance(one, Skipped):
                self.skipped.append(one)
            else:
                yield one

    def results(self, start: int = 0) -> Iterator[Explanation | Skipped]:
        """What becomes of each unit, in order, from the given place on; nothing is kept."""
        for name in islice(self.units, start, None):
            on = self.all_units.on(self.bank, name)
            n_on = int(on.sum())
            if n_on < self.min_active:
                reason = (
                    "it never fires on a valid cell"
                    if n_on == 0
                    else f"it fires at {n_on:,} cells, fewer than min_active={self.min_active:,}"
                )
                if self._is_strict:
                    raise DataError(f"unit {name!r} cannot be explained: {reason}")
                yield Skipped(name, reason)
            else:
                yield self._search.explain(self.bank, self.all_units, name, on)


@dataclass(frozen=True)
class _Search:
    """All settings of a search."""

    length: int
    beam: int
    preset: str
    objective: Objective
    penalty: float
    steps: tuple[str, ...]

    def settings(self, bank: ConceptBank, units: Units) -> dict[str, Any]:
        return {
            "strategy": "beam",
            "length": self.length,
            "beam": self.beam,
            "preset": self.preset,
            "penalty": self.penalty,
            "steps": list(self.steps),
            "bank": bank.content,
            "units": units.content,
        }

    def explain(
        self, bank: ConceptBank, units: Units, name: str, on: NDArray[np.int64]
    ) -> Explanation:
        import numpy as np

        from logicx.engines.numpy_engine import NumpyEngine
        from logicx.search.beam import Beam
        from logicx.search.formulas import FormulaSpace, Step
        from logicx.search.presets import preset

        rules = preset(self.preset)
        engine = NumpyEngine(bank, on)
        operands = np.arange(bank.n_concepts)
        if not rules.adds_absent:
            operands = np.flatnonzero(engine.on_count)
        space = FormulaSpace(
            engine,
            self.objective,
            [Step.of(one) for one in self.steps],
            operands,
            self.penalty,
            rules.penalizes_not,
        )
        result = Beam(self.beam, self.length, rules.dedupe).search(space)
        best = result.levels[-1][0]
        single = result.levels[0][0]
        return Explanation(
            unit=name,
            formula=best.node.formula,
            score=best.score,
            counts=best.node.counts,
            length=best.node.length,
            objective=self.objective.name,
            best_single=_kept(single),
            by_length=tuple(_kept(level[0]) for level in result.levels),
            n_scored=result.n_scored,
            settings=self.settings(bank, units),
        )


def _kept(one: Kept[FormulaNode]) -> Scored:
    return Scored(one.node.formula, one.score, one.node.counts)


def explain(
    bank: ConceptBank,
    units: Units,
    *,
    unit: str | int | Sequence[str | int] = "all",
    length: int = 3,
    beam: int = 10,
    preset: str = "default",
    objective: str | Objective = "iou",
    penalty: float = 1.0,
    steps: Sequence[str] = ("OR", "AND", "AND NOT"),
    min_active: int = 1,
) -> Explanations:
    """The best formula that beam search finds for each unit.

    Args:
        bank: The concepts.
        units: The units.
        unit: `"all"`, or names or numbers of units. A unit that is asked for by name and never
            fires is an error; of all units, such ones are skipped and listed in `.skipped`.
        length: Most atoms of a formula, from 1.
        beam: How many formulas are kept at each step, from 1.
        preset: Search rules: `default`, or `compexp` for those of the paper's code.
        objective: What is maximised; see `logicx.objectives`.
        penalty: The score is multiplied by this for every atom after the first.
        steps: How formulas grow: two-argument connectives, with or without NOT after them.
        min_active: Units that fire at fewer valid cells are skipped. The paper uses 5 % of cells.

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
    from logicx.search.beam import Beam
    from logicx.search.formulas import Step
    from logicx.search.presets import preset as known_preset

    rules = known_preset(preset)
    Beam(beam, length, rules.dedupe)
    if not steps:
        raise OptionError("steps is empty: name at least one way to extend a formula")
    for one in steps:
        Step.of(one)
    if not 0 < penalty <= 1:
        raise OptionError(f"penalty must lie above 0 and at most at 1, not {penalty:g}")
    if min_active < 1:
        raise OptionError(f"min_active must be at least 1, not {min_active}")
    if not bank.n_concepts:
        raise DataError(f"bank {bank.name!r} has no concepts")
    units.check_universe(bank)
    search = _Search(length, beam, preset, _objective(objective), penalty, tuple(steps))
    is_all = isinstance(unit, str) and unit == "all"
    chosen = [unit] if isinstance(unit, (str, int)) else list(unit)
    names = units.names if is_all else [units.names[units.number(one)] for one in chosen]
    return Explanations(bank, units, names, search, min_active, not is_all)


_objective = objective


def _firing(bank: ConceptBank, units: Units, number: int) -> NDArray[np.int64]:
    on = units.on(bank, units.names[number])
    if not on.any():
        raise DataError(
            f"unit {units.names[number]!r} never fires on a valid cell: nothing can be scored"
        )
    return on
