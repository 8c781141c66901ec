"""What `explain` returns: a plan that searches as one asks for results, and keeps them."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache, partial
from itertools import groupby
from numbers import Integral
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from logicx.errors import DataError, OptionError, UnknownPlace, UnknownUnit, did_you_mean
from logicx.runs.strategies.roles import AskedUnit, UnitSearch
from logicx.scoring.results import Explanation, Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from threading import Event

    import numpy as np
    from numpy.typing import NDArray

    from logicx.banks.bank import ConceptBank
    from logicx.units.units import Units


class Explanations:
    """The best formula of each unit, found as you iterate; made by `explain`.

    What was found is kept, so that nothing is searched twice; `results` keeps nothing.

    Attributes:
        engine: The engine that searches: `numpy`, `numba`, or `torch:` and the device.
        note: What a person should know of that choice, or nothing.
        units: Names of the units that are searched, in order.
        min_active: Units that fire at fewer valid cells are skipped.

    Example:
        >>> from logicx import ConceptBank, Units, explain
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> plan = explain(bank, Units.from_masks([[1, 0, 0, 0], [0, 0, 1, 0]], ["483", "484"]))
        >>> plan[0]
        Explanation(unit='483', formula='water AND NOT blue', iou=1.0)
        >>> print(plan["484"].formula)
        blue AND NOT water
        >>> plan
        <Explanations of 2 units by strategy=beam, length=3, objective=iou: 2 found, 0 skipped>
    """

    def __init__(
        self,
        bank: ConceptBank,
        units: Units,
        names: Sequence[str],
        strategy: Any,
        search_on: Callable[[ConceptBank], UnitSearch],
        min_active: int,
        is_strict: bool,
        n_threads: int = 1,
        *,
        finer: ConceptBank,
        settings: dict[str, Any],
        note: str = "",
    ) -> None:
        """Take the plan over; nothing is searched yet.

        `search_on` plans the search of a bank: of the whole one, and of its cells at which a unit
        is known where these are not all. What is searched is the bank with signatures that tell
        atoms apart, `finer`; `settings` and `note` are of how these atoms were chosen.
        """
        search = search_on(finer)
        self.engine = search.engine.name
        self.note = "; ".join(filter(None, (note, search.engine.note)))
        self.bank = bank
        self._finer, self._chosen = finer, settings
        self.all_units = units
        self.units = tuple(names)
        self.strategy = strategy
        self.search = search
        self._search_on = lru_cache(maxsize=4)(search_on)
        self.min_active = min_active
        self._is_strict = is_strict
        self._n_threads = n_threads
        self._kept: dict[int, Explanation | Skipped] = {}
        self._settings: dict[str, Any] | None = None

    @property
    def settings(self) -> dict[str, Any]:
        """What decides the outcome, with content hashes of bank and units."""
        if self._settings is None:
            contents = {"bank": self.bank.content, "units": self.all_units.content}
            self._settings = {**self.search.settings, **self._chosen, **contents}
        return dict(self._settings)

    @property
    def objective(self) -> str:
        """What is maximised."""
        return self.search.objective.name

    @property
    def skipped(self) -> list[Skipped]:
        """Units left out so far because they hardly fire, or by a preset's rules."""
        kept = sorted(self._kept.items())
        return [one for _, one in kept if isinstance(one, Skipped)]

    @property
    def n_done(self) -> int:
        """Units that were searched or skipped so far, and are kept."""
        return len(self._kept)

    def __len__(self) -> int:
        """Number of units that are searched or skipped."""
        return len(self.units)

    def __iter__(self) -> Iterator[Explanation]:
        """The explanations in the order of units, searched where that was not done before."""
        left = (place for place in range(len(self)) if place not in self._kept)
        searching = self._search(left)
        for place in range(len(self)):
            while place not in self._kept:
                at, one = next(searching)
                if isinstance(one, Explanation) and one.is_interrupted:
                    yield one
                    raise KeyboardInterrupt  # the proof of this unit was stopped: so is the run
                self._kept.setdefault(at, one)
            found = self._kept[place]
            if isinstance(found, Explanation):
                yield found

    def __getitem__(self, unit: str | int) -> Explanation:
        """The explanation of a unit, by its name; or by its place in `units`, a whole number.

        Raises:
            UnknownUnit: There is none.
            DataError: The unit was skipped.
        """
        place = self._place(unit)
        if place not in self._kept:
            ((_, one),) = self._search([place])
            if isinstance(one, Explanation) and one.is_interrupted:
                raise KeyboardInterrupt
            self._kept[place] = one
        found = self._kept[place]
        if isinstance(found, Skipped):
            raise _unexplained(found)
        return found

    def __contains__(self, unit: object) -> bool:
        """Whether a unit of that name takes part, or that is an explanation of one."""
        if isinstance(unit, Explanation):
            return unit.unit in self.units and unit == self[unit.unit]
        return unit in self.units

    def __repr__(self) -> str:
        """How much there is to do, how, and how much is done."""
        n_skipped, settings = len(self.skipped), self.search.settings
        return (
            f"<Explanations of {len(self):,} units by strategy={settings['strategy']}, "
            f"length={settings['length']}, objective={self.objective}: "
            f"{self.n_done - n_skipped:,} found, {n_skipped:,} skipped>"
        )

    def results(self, start: int = 0) -> Iterator[Explanation | Skipped]:
        """What becomes of each unit, in order, from the given place on; nothing is kept."""
        for _, one in self._search(range(start, len(self))):
            yield one
            if isinstance(one, Explanation) and one.is_interrupted:
                raise KeyboardInterrupt  # the proof of this unit was stopped: so is the run

    def _search(self, places: Iterable[int]) -> Iterator[tuple[int, Explanation | Skipped]]:
        """What becomes of the units at some places, in order, whatever the number of threads."""
        from threading import Event

        from logicx.runs.running import in_order

        stop = Event()
        work = partial(self._explain, stop=stop)
        parts = _in_parts(places, self.search.units_at_once())
        for part in in_order(work, parts, self._n_threads, stop):
            for place, one in part:
                if self._is_strict and isinstance(one, Skipped):
                    raise _unexplained(one)
                yield place, one

    def _explain(
        self, places: Sequence[int], stop: Event
    ) -> list[tuple[int, Explanation | Skipped]]:
        """Units that are known at the same cells are searched together."""
        names = [self.units[place] for place in places]
        banks = ((name, self.all_units.bank_for(self._finer, name)) for name in names)
        told: list[Explanation | Skipped] = []
        for bank, part in groupby(banks, itemgetter(1)):
            told += self._explain_on(bank, [name for name, _ in part], stop)
        return list(zip(places, told, strict=True))

    def _explain_on(
        self, bank: ConceptBank, names: Sequence[str], stop: Event
    ) -> list[Explanation | Skipped]:
        """What becomes of some units on the bank, or on those of its cells where they are known."""
        asked = [self._asked(name, bank) for name in names]
        skipped = [self._skipped(one) for one in asked]
        searched = [one for one, why in zip(asked, skipped, strict=True) if why is None]
        if not searched:
            return [one for one in skipped if one is not None]
        try:
            search = self.search if bank is self._finer else self._search_on(bank)
        except OptionError as error:  # too few cells are left for what the options ask
            told = zip(names, skipped, strict=True)
            return [why or Skipped(name, error.message) for name, why in told]
        found = iter(search.explain(searched, stop))
        settings = {"engine": search.engine.name, **self.settings}
        return [one or self._told(next(found), settings) for one in skipped]

    def _told(self, one: Explanation | Skipped, settings: dict[str, Any]) -> Explanation | Skipped:
        """The result, with how it was found, and a note where the unit is not known everywhere."""
        if isinstance(one, Skipped):
            return one
        note = self.all_units.note_of(one.unit)
        return replace(one, settings=dict(settings), notes=(*one.notes, *filter(None, [note])))

    def _asked(self, name: str, bank: ConceptBank) -> AskedUnit:
        units = self.all_units

        def mask() -> NDArray[np.bool_] | None:
            return units.mask(name, bank) if units.has_masks else None

        return AskedUnit(name, units.firing(bank, name), mask)

    def _skipped(self, one: AskedUnit) -> Skipped | None:
        n_on = one.firing.n_on
        if n_on >= self.min_active:
            return None
        reason = (
            "it never fires on a valid cell"
            if n_on == 0
            else f"it fires at {n_on:,} cells, fewer than min_active={self.min_active:,}"
        )
        return Skipped(one.name, reason)

    def _place(self, unit: str | int) -> int:
        if isinstance(unit, Integral):
            place = int(unit) + len(self) * (unit < 0)
            if 0 <= place < len(self):
                return place
            named = str(unit) in self.units
            raise UnknownPlace(
                f"no unit at place {unit}: there are {len(self):,}",
                hint=f"a unit has this name: [{str(unit)!r}]" if named else "places begin at 0",
            )
        if unit in self.units:
            return self.units.index(unit)
        raise UnknownUnit(
            f"no unit {unit!r} among the {len(self):,} that are explained",
            hint=did_you_mean(str(unit), self.units),
        )


def _in_parts(places: Iterable[int], n_at_once: int) -> Iterator[list[int]]:
    part: list[int] = []
    for place in places:
        part.append(place)
        if len(part) == n_at_once:
            yield part
            part = []
    if part:
        yield part


def _unexplained(one: Skipped) -> DataError:
    return DataError(f"unit {one.unit!r} cannot be explained: {one.reason}")
