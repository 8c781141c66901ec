"""What `explain out=run.jsonl` does: a run whose results go to a journal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from heapq import heappush, heappushpop
from typing import TYPE_CHECKING, Any

from logicx.cli import render
from logicx.errors import OptionError
from logicx.runs.journal import read_journal, refuse_existing
from logicx.runs.journaling import journaled, open_journal

if TYPE_CHECKING:
    from pathlib import Path

    from logicx.runs.explanations import Explanations
    from logicx.runs.journal import JournalReader, Row

TABLE_ROWS = 50
"""Most units in the table at the end."""


def check(out: Path | None, resume: bool) -> None:
    """Refuse what cannot work before data are read, which may take long."""
    if out is None and resume:
        raise OptionError("resume needs a journal", hint="name it: out=run.jsonl")
    if out is not None and not resume:
        refuse_existing(out)


def explain(plan: Explanations, out: Path, resume: bool, where: str, as_json: bool) -> int:
    """Search the units that are not in the journal yet; then print its best rows."""
    is_interrupted = False
    with open_journal(plan, out, resume=resume) as journal:
        for text in journal.notes:
            render.note(text)
        n_before = journal.n_rows
        try:
            if as_json and n_before:
                for row in read_journal(out):
                    _print(row, plan.settings)
            with render.progress() as progress:
                if progress:
                    progress("explaining units", n_before, len(plan))
                for row in journaled(plan, journal):
                    if as_json:
                        _print(row, plan.settings)
                    if progress:
                        progress("explaining units", journal.n_rows, len(plan))
        except KeyboardInterrupt:
            is_interrupted = True
    summary = _Summary.of(read_journal(out))
    if not as_json and summary.best:
        render.console().print(where, markup=False)
        render.explanations([{**row, "settings": plan.settings} for row in summary.rows])
    summary.print_notes(out, len(plan), n_before)
    if is_interrupted:
        return 130
    return 0 if summary.n_explained else 1


def _print(row: Row, settings: dict[str, Any]) -> None:
    """As without a journal."""
    print(json.dumps(row if "skipped" in row else {**row, "settings": settings}), flush=True)


@dataclass
class _Summary:
    """The best rows of a journal, and how many others there are."""

    best: list[tuple[float, int, Row]] = field(default_factory=list)
    n_explained: int = 0
    n_skipped: int = 0
    first_skipped: Row = field(default_factory=dict)

    @staticmethod
    def of(rows: JournalReader) -> _Summary:
        found = _Summary()
        for i, row in enumerate(rows):
            if "skipped" in row:
                found.n_skipped += 1
                found.first_skipped = found.first_skipped or row
                continue
            found.n_explained += 1
            entry = (row["score"], -i, row)
            if len(found.best) < TABLE_ROWS:
                heappush(found.best, entry)
            else:
                heappushpop(found.best, entry)
        return found

    @property
    def rows(self) -> list[Row]:
        """Best first; of equals, the earlier first."""
        return [row for _, _, row in sorted(self.best, key=lambda one: (-one[0], -one[1]))]

    def print_notes(self, out: Path, n_units: int, n_before: int) -> None:
        """What the table does not show, and how far the run has come."""
        if self.n_explained > len(self.best):
            more = self.n_explained - len(self.best)
            render.note(f"the {len(self.best)} best are shown; {more:,} more are in {out}")
        if self.n_skipped:
            first = f"{self.first_skipped['unit']}: {self.first_skipped['skipped']}"
            render.note(f"{self.n_skipped:,} of {n_units:,} units skipped, such as {first}")
        n_done = self.n_explained + self.n_skipped
        if n_done < n_units:
            render.note(
                f"interrupted: {n_done:,} of {n_units:,} units are in {out}; "
                "go on by the same command with --resume"
            )
        elif n_before == n_units:
            render.note(f"{out} was complete already: {n_units:,} units")
        else:
            render.note(f"{out} is complete: {n_units:,} units")
        if not self.n_explained and n_done == n_units:
            render.note("no unit could be explained")
