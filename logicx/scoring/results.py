"""What scoring and searching give: a formula for a unit, with its exact counts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from logicx.language.formula import Formula
from logicx.language.printing import format_formula
from logicx.scoring.counts import Counts
from logicx.scoring.objectives import score_counts


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
            "length": self.formula.n_atoms,
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
        bound: No formula of `space` scores more (strategies that prove, and `bound_time`).
        is_proven: Whether the formula is proven to be the best of `space`.
        space: The space that the bound is over, in words.
        is_interrupted: Whether Ctrl-C stopped the proof.
        ceiling: No formula of any length, whatever its connectives, scores more (searches by an
            objective with an exact ratio); see `logicx.search.formulas.ceiling`.
        n_estimated: How many formulas a heuristic estimated, to choose those that were scored.
        alternatives: What `alternatives=k` or `within` asks for, distinct in meaning, best first;
            with `alternatives` the first is the formula itself.
        is_complete: Whether `alternatives` are proven to be all that was asked for; None where the
            search proves nothing (the beam).
        certificate: What is known of `alternatives`, in words.
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
    settings: dict[str, Any] = field(default_factory=dict, hash=False)
    notes: tuple[str, ...] = ()
    bound: float | None = None
    is_proven: bool | None = None
    space: str = ""
    is_interrupted: bool = False
    ceiling: float | None = None
    n_estimated: int = 0
    alternatives: tuple[Scored, ...] = ()
    is_complete: bool | None = None
    certificate: str = ""

    def __repr__(self) -> str:
        """Unit, formula and score, on a line; `as_dict` has the rest."""
        text, name = format_formula(self.formula), self.objective
        return f"Explanation(unit={self.unit!r}, formula={text!r}, {name}={self.score!r})"

    def __str__(self) -> str:
        """To be read: `483: water AND NOT blue (iou 0.3152, proven)`."""
        if self.is_proven:
            proof = ", proven"
        else:
            proof = "" if self.bound is None else f", bound {self.bound:.4f}"
        text = format_formula(self.formula)
        return f"{self.unit}: {text} ({self.objective} {self.score:.4f}{proof})"

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
            "n_estimated": self.n_estimated,
            "bound": self.bound,
            "is_proven": self.is_proven,
            "space": self.space,
            "ceiling": self.ceiling,
            "settings": dict(self.settings),
            "notes": list(self.notes),
            **self._answers(),
        }

    def _answers(self) -> dict[str, Any]:
        """The alternatives, where they were asked for."""
        if not self.certificate:
            return {}
        return {
            "alternatives": [one.as_dict() for one in self.alternatives],
            "is_complete": self.is_complete,
            "certificate": self.certificate,
        }


class Skipped(NamedTuple):
    """A unit that was left out, and why."""

    unit: str
    reason: str
