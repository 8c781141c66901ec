"""The strategy `greedy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import logicx
from logicx import Firing, Formula, SearchTask


@logicx.strategy
@dataclass(frozen=True)
class Greedy:
    """Climbs: adds the concept that helps most, as long as one does.

    Args:
        patience: How many steps that do not help it takes before it stops.
    """

    name: ClassVar[str] = "greedy"

    patience: int = 0

    def search(self, task: SearchTask, unit: Firing) -> list[Formula]:
        """The formulas on the way up."""
        atoms = [task.bank.atom(i) for i in range(task.bank.n_concepts)]
        found = [max(atoms, key=lambda one: task.score(one, unit))]
        left = self.patience
        while found[-1].n_atoms < task.length:
            last = found[-1]
            steps = [grown for one in atoms for grown in (last | one, last & one, last & ~one)]
            best = max(steps, key=lambda one: task.score(one, unit))
            if task.score(best, unit) <= task.score(last, unit):
                if left == 0:
                    break
                left -= 1
            found.append(best)
        sizes = [(one, task.counts(one, unit)) for one in found]
        return [one for one, counts in sizes if counts.tp + counts.fp >= task.min_support]
