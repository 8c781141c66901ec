"""The main job: the best formula of each unit."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypedDict

from logicx.errors import DataError, OptionError
from logicx.runs.explanations import Explanations
from logicx.runs.planners import search_of
from logicx.runs.strategies.limiting import atoms_by, limited, operators_of
from logicx.runs.strategies.registry import strategy_of
from logicx.runs.strategies.roles import SearchTask
from logicx.scoring.objectives import Objective, objective_named
from logicx.scoring.score import check_kinds
from logicx.scoring.structure import check_masks, refined
from logicx.search.formulas.atoms import AUTO, CONCEPTS, MAX_APPLICATIONS, with_atoms
from logicx.search.formulas.atoms import chosen as chosen_atoms
from logicx.search.formulas.choosing import chosen as chosen_of
from logicx.search.formulas.choosing import patterns_of
from logicx.search.formulas.support import check_least, supported

if TYPE_CHECKING:
    from collections.abc import Sequence

    from typing_extensions import Unpack

    from logicx.banks.bank import ConceptBank
    from logicx.runs.presets import Preset
    from logicx.runs.strategies.beam import EngineName, Grow, HeuristicName, PresetName
    from logicx.runs.strategies.optimal import Shape
    from logicx.runs.strategies.roles import OwnStrategy, Strategy, UnitSearch
    from logicx.search.beam import Dedupe
    from logicx.search.heuristics.roles import Heuristic
    from logicx.units.units import Units

StrategyName: TypeAlias = Literal["beam", "optimal", "exhaustive"]


class StrategyOptions(TypedDict, total=False):
    """Options of the built-in strategies; which has which, their dataclasses say."""

    beam: int
    preset: PresetName | str | Preset
    penalty: float
    steps: str | Sequence[str]
    dedupe: Dedupe | None
    heuristic: HeuristicName | str | Heuristic
    literals: bool | None
    grow: Grow
    alternatives: int
    within: float | None
    bound_time: float
    engine: EngineName | str
    shape: Shape
    time_limit: float | None
    node_limit: int | None


def explain(
    bank: ConceptBank,
    units: Units,
    *,
    unit: str | int | Sequence[str | int] = "all",
    length: int = 3,
    strategy: StrategyName | str | Strategy | OwnStrategy = "beam",
    objective: str | Objective = "iou",
    atoms: str | Sequence[str] = "auto",
    min_active: int = 1,
    min_support: int = 0,
    min_atom_support: int = 0,
    only: str | Sequence[str] = (),
    exclude: str | Sequence[str] = (),
    operators: str | Sequence[str] = (),
    min_argument_support: int = 0,
    max_applications: int = MAX_APPLICATIONS,
    threads: int = 1,
    **options: Unpack[StrategyOptions],
) -> Explanations:
    """The best formula that a search finds for each unit.

    Args:
        bank: The concepts.
        units: The units.
        unit: `"all"`, or names or numbers of units. One unit that is asked for and hardly fires is
            an error; of several, such ones are skipped and listed in `.skipped`.
        length: Most atoms of a formula, from 1.
        strategy: `beam`; `optimal`, which proves that no formula of a stated space is better, or
            how much better one can be; `exhaustive`, which tries every formula of a small bank; one
            of your own that is registered; or a strategy with its options, such as
            `Optimal(time_limit=60)`.
        objective: What is maximised; see `logicx.scoring.objectives`.
        atoms: What formulas are made of besides the concepts: `auto`, all operators on one concept
            that say where they apply, such as NEIGHBORS (with the preset of a published tool:
            none); `concepts`, none; or keywords of such operators. Structural ones, such as ABOVE,
            are atoms only by name.
        min_active: Units that fire at fewer valid cells are skipped. The paper uses 5 % of cells.
        min_support: Formulas that hold at fewer valid cells are not kept, at no length: a small AND
            is reached only by way of formulas that are large enough. By default all may be.
            `exhaustive` passes through all formulas, and returns one that is large enough;
            `optimal` has no such option.
        min_atom_support: Concepts that hold at fewer valid cells take no part. By default all do,
            also those that hold nowhere.
        only: The concepts that take part, by patterns of their names (`hyp:*`) or by category
            (`category:color`), a list or text with commas between; by default all do.
        exclude: Concepts that take no part, named in the same way.
        operators: The operators that formulas may use, such as `"OR, AND"`: the steps of a search
            are made of them, with AND NOT where AND and NOT are named, and atoms by operators
            such as NEIGHBORS only where these are named. By default as the strategy says.
        min_argument_support: Operators are not applied to concepts that hold at fewer valid cells.
        max_applications: Most atoms that each structural operator makes, from its most frequent
            concepts on.
        threads: How many units are searched at a time; with `torch`, how many batches.
        **options: Those of the strategy, where it is named: the fields of `logicx.Beam` (its
            `width` is written `beam`), `logicx.Optimal`, `logicx.Exhaustive` or of your own.

    Returns:
        A plan: `Explanation` by `Explanation`, searched as you iterate over it, or `plan["483"]`.

    Raises:
        OptionError: An option means nothing, or nothing to this strategy.
        UniverseError: Bank and units speak of different cells.

    Source:
        Mu and Andreas 2020, section 2.

    Example:
        >>> from logicx import ConceptBank, Units
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> units = Units.from_masks([[1, 0, 0, 0]], ["483"])
        >>> for found in explain(bank, units, beam=5):
        ...     print(found.unit, found.formula, found.score)
        483 water AND NOT blue 1.0
    """
    check_kinds(bank, units)
    chosen = strategy_of(strategy, options)
    named = operators_of(operators)
    if named:
        chosen, atoms = limited(chosen, named), atoms_by(named, atoms)
    if min_active < 1:
        raise OptionError(f"min_active must be at least 1, not {min_active}")
    if not isinstance(threads, int) or threads < 1:
        raise OptionError(f"threads must be a whole number from 1, not {threads!r}")
    if not bank.n_concepts:
        raise DataError(f"bank {bank.name!r} has no concepts")
    units.check_universe(bank)
    names, is_one = _names(units, unit)
    task = SearchTask(
        bank,
        objective_named(objective),
        _whole(length),
        _whole(min_support),
        _whole(min_atom_support),
        len(names),
        units.has_masks,
        patterns_of("only", only),
        patterns_of("exclude", exclude),
        named,
    )
    least, most = _whole(min_argument_support), _whole(max_applications)
    check_least(
        min_support=task.min_support,
        min_atom_support=task.min_atom_support,
        min_argument_support=least,
    )
    if not isinstance(most, int) or most < 1:
        raise OptionError(f"max_applications must be a whole number from 1, not {most!r}")
    if atoms == AUTO and not getattr(chosen, "adds_derived", True):
        atoms = CONCEPTS
    others = chosen_atoms(bank, atoms, least, most)
    finer = refined(bank, others.formulas)
    if finer is not bank:
        check_masks(units)

    def search_on(some: ConceptBank) -> UnitSearch:
        everything = chosen_of(with_atoms(some, others.formulas), task.only, task.exclude)
        searched = supported(everything, task.min_atom_support)
        return search_of(chosen, replace(task, bank=searched))

    return Explanations(
        *(bank, units, names, chosen, search_on, min_active, is_one, threads),
        finer=finer,
        settings=others.settings,
        note=others.note,
    )


def _names(units: Units, unit: str | int | Sequence[str | int]) -> tuple[Sequence[str], bool]:
    """Names of the units that are asked for, and whether one alone is."""
    if isinstance(unit, str) and unit == "all":
        return units.names, False
    chosen: list[Any] = [unit]
    if not isinstance(unit, (str, Integral)):
        chosen = list(unit)  # type: ignore[arg-type]
    return [units.names[units.number(one)] for one in chosen], len(chosen) == 1


def _whole(number: Any) -> Any:
    """A whole number of NumPy's as Python's own; anything else as it is."""
    return int(number) if isinstance(number, Integral) else number
