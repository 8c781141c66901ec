"""Strategies of our own, as a third party would write them, and some that are wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from logicx import Apply, Concept, Counts, parse
from logicx.scoring.counts import count
from logicx.scoring.objectives import score_counts

if TYPE_CHECKING:
    from logicx import Firing, Formula, SearchTask


@dataclass(frozen=True)
class Greedy:
    """Adds the concept that helps most, as long as one does.

    Args:
        tries: How many concepts are tried, the most frequent first.
        joins: How they are joined.
    """

    name: ClassVar[str] = "greedy"

    tries: int = 100
    joins: tuple[str, ...] = ("OR", "AND")
    weight: float | None = None
    loud: bool = False

    def search(self, task: SearchTask, unit: Firing) -> list[Formula]:
        order = task.bank.count.argsort()[::-1][: self.tries]
        atoms = [task.bank.atom(int(i)) for i in order]

        def value(formula: Formula) -> float:
            return score_counts(task.objective, count(formula, task.bank, unit))

        found = [max(atoms, key=value)]
        while found[-1].n_atoms < task.length:
            joined = (Apply(key, (found[-1], one)) for key in self.joins for one in atoms)
            best = max(joined, key=value)
            if value(best) <= value(found[-1]):
                break
            found.append(best)
        return found


def giving(answer, name="wrong"):
    """A strategy that gives what a function makes of task and unit."""

    @dataclass(frozen=True)
    class Wrong:
        """Gives what it is told to give."""

        name: ClassVar[str] = "wrong"

        def search(self, task, unit):
            return answer(task, unit)

    return Wrong()


WRONG = {
    "a text": (lambda task, unit: "c0", "is no formula"),
    "a number": (lambda task, unit: 3, "fails: TypeError"),
    "numbers": (lambda task, unit: [1, 2], "which is no formula"),
    "too long": (lambda task, unit: parse("c0 or c1 or c2 or c3"), "4 atoms, and the length is 3"),
    "unknown concepts": (lambda task, unit: parse("c0 or nope"), "no concept 'nope'"),
    "an unknown operator": (lambda task, unit: Apply("SHEFFER", (Concept("c0"),)), "'SHEFFER'"),
    "wrong arguments": (lambda task, unit: Apply("AND", (Concept("c0"),)), "AND"),
    "what is no atom": (lambda task, unit: parse("NEIGHBORS(c0)"), "is no atom of this search"),
    "a wrong count": (
        lambda task, unit: (task.bank.atom(0), Counts(1, 2, 3, 4)),
        "says Counts(tp=1, fp=2, fn=3, tn=4) of c0 for unit 'u'",
    ),
    "a wrong score": (lambda task, unit: (task.bank.atom(0), 2.0), "says 2.0 of c0"),
    "an error": (lambda task, unit: 1 // 0, "fails: ZeroDivisionError"),
}
"""Answers that are refused, and what is said of them."""
