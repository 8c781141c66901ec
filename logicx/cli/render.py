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
ESTIMATE_SECONDS = 24 * 3600.0
"""The remaining time is estimated from the last 1,000 steps, if they took no longer than this."""
LEAST_TEXT = 24
"""A column of longer texts may be broken into lines, but not below this width."""


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
        A function of what is being done, steps done and steps in all; or None. The time that
        remains is estimated from the steps after its first call.
    """
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bar(
        *columns,
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        speed_estimate_period=ESTIMATE_SECONDS,
    ) as bar:
        tasks: dict[str, Any] = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, completed=done)
            bar.update(tasks[what], completed=done)

        yield told


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    numeric: Sequence[str] = (),
    expendable: Sequence[str] = (),
) -> Table:
    """A plain table.

    Args:
        columns: Heads of the columns.
        rows: Cells of each row.
        numeric: Columns that are aligned to the right and never broken.
        expendable: Columns left out, in this order, where a terminal is too narrow for them.
    """
    texts = [[str(cell) for cell in row] for row in rows]
    widths = {
        name: max(len(name), *(len(row[i]) for row in texts)) + 2 for i, name in enumerate(columns)
    }
    kept = list(columns)
    for name in expendable:
        fixed = sum(widths[one] for one in kept if one in numeric or widths[one] < LEAST_TEXT)
        n_long = sum(one not in numeric and widths[one] >= LEAST_TEXT for one in kept)
        if fixed + n_long * LEAST_TEXT > console().width:
            kept.remove(name)
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for name in kept:
        is_short = name in numeric or widths[name] < LEAST_TEXT
        made.add_column(
            name,
            justify="right" if name in numeric else "left",
            no_wrap=is_short,
            overflow="fold",
        )
    for row in texts:
        made.add_row(*(Text(row[columns.index(name)]) for name in kept))
    return made


COUNT_COLUMNS = ("length", "precision", "recall", "tp", "fp", "fn", "tn")
EXPENDABLE = ("tn", "length", "fn", "fp", "tp")


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
        EXPENDABLE,
    )


def explanations(found: Sequence[dict[str, Any]]) -> Table:
    """Many units: a line each.

    Args:
        found: Explanations as plain values; see `Explanation.as_dict`.
    """
    goal = goal_name(found[0]["objective"])
    columns = ("unit", "formula", goal, *COUNT_COLUMNS, "best single", "its " + goal)
    rows = [
        [
            one["unit"],
            one["formula"],
            f"{one['score']:.4f}",
            str(one["length"]),
            f"{one['precision']:.4f}",
            f"{one['recall']:.4f}",
            *(f"{one['counts'][name]:,}" for name in ("tp", "fp", "fn", "tn")),
            one["best_single"]["formula"],
            f"{one['best_single']['score']:.4f}",
        ]
        for one in found
    ]
    return table(columns, rows, (goal, *COUNT_COLUMNS, "its " + goal), EXPENDABLE)


def goal_name(objective: str) -> str:
    """How an objective is headed."""
    return {"iou": "IoU", "mcc": "MCC", "dice": "Dice"}.get(objective, objective)
