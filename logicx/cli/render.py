"""What people see: tables, notes and progress."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from logicx.errors import visible
from logicx.scoring.counts import Counts
from logicx.scoring.objectives import score_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


PIPE_WIDTH = 1_000_000
"""Width where the output is no terminal: nothing is ever cut."""
ESTIMATE_SECONDS = 24 * 3600.0
"""The remaining time is estimated from the last 1,000 steps, if they took no longer than this."""
LEAST_TEXT = 24
"""A column of longer texts may be broken into lines, but not below this width."""
MOST_ALTERNATIVES = 50
"""Most of the other formulas of a unit that are printed."""
GAP = 2
"""Blanks between columns."""


class _Pipe(Console):
    """A console of which a closed pipe is told as such, not as a failure."""

    def on_broken_pipe(self) -> None:
        """Called in the midst of the `BrokenPipeError`."""
        raise


def console(width: int | None = None) -> Console:
    """The console of standard output, as wide as the terminal or as asked for."""
    usual = None if sys.stdout.isatty() else PIPE_WIDTH
    return _Pipe(width=width or usual, highlight=False, soft_wrap=False)


def note(text: str) -> None:
    """A remark on standard error."""
    print(f"note: {visible(text)}", file=sys.stderr)


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        note(record.getMessage())


_NOTES = _Notes()


def show_log() -> None:
    """What logicx tells through its logger, such as that it compiles, is shown as notes."""
    log = logging.getLogger("logicx")
    log.setLevel(logging.INFO)
    log.addHandler(_NOTES)


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None] | None]:
    """A progress bar on a terminal; nothing in a pipe.

    Yields:
        A function of what is being done, steps done and steps in all (None: not known); or None.
        The time that remains is estimated from the steps after its first call.
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

        def told(what: str, done: int, total: int | None) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total, completed=done)
            bar.update(tasks[what], completed=done)

        yield told


def print_table(
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    numeric: Sequence[str] = (),
    expendable: Sequence[str] = (),
) -> None:
    """Print a plain table; numbers are never cut, even if lines then run over.

    Args:
        columns: Heads of the columns.
        rows: Cells of each row.
        numeric: Columns that are aligned to the right and never broken.
        expendable: Columns left out, in this order, where a terminal is too narrow for them.
    """
    texts = [[visible(str(cell)) for cell in row] for row in rows]
    widths = {
        name: max(cell_len(name), *(cell_len(row[i]) for row in texts))
        for i, name in enumerate(columns)
    }
    least = {
        name: widths[name] if name in numeric else min(widths[name], LEAST_TEXT) for name in columns
    }
    available = console().width
    kept = list(columns)
    for name in expendable:
        if name in kept and sum(least[one] + GAP for one in kept) > available + GAP:
            kept.remove(name)
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, GAP, 0, 0))
    for name in kept:
        made.add_column(
            name,
            justify="right" if name in numeric else "left",
            no_wrap=name in numeric,
            min_width=least[name],
            overflow="fold",
        )
    for row in texts:
        made.add_row(*(Text(row[columns.index(name)]) for name in kept))
    needed = sum(least[one] + GAP for one in kept)
    console(max(available, needed)).print(made)
    if len(kept) < len(columns):
        left = ", ".join(name for name in columns if name not in kept)
        note(f"the terminal is too narrow for: {left}")


COUNT_COLUMNS = ("length", "precision", "recall", "tp", "fp", "fn", "tn")
EXPENDABLE = ("tn", "length", "fn", "fp", "tp")


def _scores(penalty: float, objective: str, score: float, counts: dict[str, int]) -> list[str]:
    """The score, after the plain objective where a penalty makes them differ."""
    if penalty == 1:
        return [f"{score:.4f}"]
    return [f"{score_counts(objective, Counts(**counts)):.4f}", f"{score:.4f}"]


def _heads(one: dict[str, Any]) -> tuple[str, ...]:
    """Heads of the score columns and of the columns that follow."""
    goal = goal_name(one["objective"])
    penalized = ("penalized",) if one["settings"].get("penalty", 1) != 1 else ()
    return (goal, *penalized, *(name for name in COUNT_COLUMNS if name != goal))


def _cells(one: dict[str, Any], scored: dict[str, Any]) -> list[str]:
    """Scores and counts of a formula, in the order of `_heads`."""
    counts, n_atoms = Counts(**scored["counts"]), scored["length"]
    values = {"length": str(n_atoms)}
    values |= {name: f"{score_counts(name, counts):.4f}" for name in ("precision", "recall")}
    values |= {name: f"{n:,}" for name, n in scored["counts"].items()}
    penalty = one["settings"].get("penalty", 1)
    scores = _scores(penalty, one["objective"], scored["score"], scored["counts"])
    return scores + [values[name] for name in _heads(one)[len(scores) :]]


def explanation(one: dict[str, Any]) -> None:
    """One unit: the formula, the best single concept, and (searches) the best of each length.

    Args:
        one: An explanation as plain values; see `Explanation.as_dict`.
    """
    rows = [("formula", one)]
    seen = {one["formula"]}
    for shorter in reversed(one["by_length"][1:-1]):
        if shorter["formula"] not in seen:
            seen.add(shorter["formula"])
            rows.append((f"at most {shorter['length']}", shorter))
    rows.append(("best single", one["best_single"]))
    cells = [[label, scored["formula"], *_cells(one, scored)] for label, scored in rows]
    print_table(("", "formula", *_heads(one)), cells, _heads(one), EXPENDABLE)
    if one.get("ceiling") is not None and one["ceiling"] < 1:
        print(f"no formula of any length over these concepts scores above {one['ceiling']:.4f}")
    if one["is_proven"]:
        print(f"proven: no formula of the space is better ({one['space']})")
    elif one["is_proven"] is False:
        gap = one["bound"] - one["score"]
        more = f"{gap:.4f}" if gap >= 5e-5 else f"{gap:.1e}"
        print(f"not proven: none can score above {one['bound']:.4f}, {more} more", end=" ")
        print(f"({one['space']})")
    if one.get("certificate"):
        _alternatives(one)


def _alternatives(one: dict[str, Any]) -> None:
    """The other formulas that were asked for, best first, and what is known of them."""
    found = one["alternatives"]
    print(f"\n{one['certificate']}")
    rows = [
        [f"{place:,}", other["formula"], *_cells(one, other)]
        for place, other in enumerate(found[:MOST_ALTERNATIVES], 1)
    ]
    if rows:
        print_table(("", "formula", *_heads(one)), rows, ("", *_heads(one)), EXPENDABLE)
    if len(found) > len(rows):
        note(f"{len(found) - len(rows):,} more are in --json and in a journal (out=run.jsonl)")


def explanations(found: Sequence[dict[str, Any]]) -> None:
    """Many units: a line each.

    Args:
        found: Explanations as plain values; see `Explanation.as_dict`.
    """
    heads = _heads(found[0])
    its = "its " + heads[0]
    rows, n_others = [], 0
    for one in found:
        single = one["best_single"]
        its_score = _scores(
            one["settings"].get("penalty", 1), one["objective"], single["score"], single["counts"]
        )[0]
        bound = [] if one["bound"] is None else [f"{one['bound']:.4f}"]
        cells = [*_cells(one, one), *bound]
        rows.append([one["unit"], one["formula"], *cells, single["formula"], its_score])
        n_others += sum(other["formula"] != one["formula"] for other in one.get("alternatives", ()))
    heads += () if found[0]["bound"] is None else ("bound",)
    columns = ("unit", "formula", *heads, "best single", its)
    print_table(columns, rows, (*heads, its), (*EXPENDABLE, its, "best single", "recall"))
    if n_others:
        note(f"{n_others:,} more formulas of these units are in --json and in a journal")


def goal_name(objective: str) -> str:
    """How an objective is headed."""
    return {"iou": "IoU", "mcc": "MCC", "dice": "Dice"}.get(objective, objective)
