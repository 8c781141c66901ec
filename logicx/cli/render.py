"""What people see: tables, notes and progress."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from logicx.language import format_formula
from logicx.objectives import score_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from logicx.counts import Counts
    from logicx.explaining import Explanation
    from logicx.formula import Formula

PIPE_WIDTH = 2000
"""Width where the output is no terminal: nothing is ever cut."""

Progress = "Callable[[str, int, int], None]"


def console() -> Console:
    """The console of standard output."""
    return Console(
        width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False, soft_wrap=False
    )


def note(text: str) -> None:
    """A remark on standard error."""
    print(f"note: {text}", file=sys.stderr)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar on a terminal; nothing in a pipe.

    Yields:
        A function of what is being done, steps done and steps in all; or None.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total)
            bar.update(tasks[what], completed=done)

        yield told


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]], numeric: Sequence[str]) -> Table:
    """A plain table; the numeric columns are aligned to the right."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in columns:
        made.add_column(name, justify="right" if name in numeric else "left", overflow="fold")
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


COUNT_COLUMNS = ("length", "precision", "recall", "tp", "fp", "fn", "tn")


def _counted(formula: Formula, counts: Counts) -> list[str]:
    shares = [f"{score_counts(name, counts):.4f}" for name in ("precision", "recall")]
    cells = [f"{n:,}" for n in (counts.tp, counts.fp, counts.fn, counts.tn)]
    return [str(formula.n_atoms), *shares, *cells]


def explanation(found: Explanation) -> Table:
    """One unit: the formula, the best single concept, and (searches) the best of each length."""
    goal = goal_name(found.objective)
    others = [(one, "") for one in found.by_length[1:-1]]
    rows = [("formula", found.formula, found.score, found.counts)]
    seen = {found.formula}
    for one, _ in reversed(others):
        if one.formula not in seen:
            seen.add(one.formula)
            rows.append((f"at most {one.formula.n_atoms}", *one))
    rows.append(("best single", *found.best_single))
    return table(
        ("", "formula", goal, *COUNT_COLUMNS),
        [
            [label, format_formula(formula), f"{score:.4f}", *_counted(formula, counts)]
            for label, formula, score, counts in rows
        ],
        (goal, *COUNT_COLUMNS),
    )


def explanations(found: Sequence[Explanation]) -> Table:
    """Many units: a line each."""
    goal = goal_name(found[0].objective)
    columns = ("unit", "formula", goal, *COUNT_COLUMNS, "best single", "its " + goal)
    rows = [
        [
            one.unit,
            format_formula(one.formula),
            f"{one.score:.4f}",
            *_counted(one.formula, one.counts),
            format_formula(one.best_single.formula),
            f"{one.best_single.score:.4f}",
        ]
        for one in found
    ]
    return table(columns, rows, (goal, *COUNT_COLUMNS, "its " + goal))


def goal_name(objective: str) -> str:
    """How an objective is headed."""
    return {"iou": "IoU", "mcc": "MCC", "dice": "Dice"}.get(objective, objective)
