"""Runs over many units whose results go to a journal, so that a killed run can be resumed."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logicx.runs.identities import parts_of
from logicx.runs.journal import Journal, JournalReader, Row, read_journal
from logicx.scoring.results import Skipped

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from logicx.runs.explanations import Explanations


def run_journal(
    plan: Explanations,
    path: str | Path,
    *,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> JournalReader:
    """Search every unit of a plan and put each result on file as soon as it is found.

    However often the run is killed and resumed, the file becomes, byte for byte, the same.

    Args:
        plan: What `explain` returned.
        path: The journal, by custom `*.jsonl`.
        resume: Go on with the file if it exists: units that are in it are not searched again.
            Without it, an existing file is an error.
        progress: Called with units done and units in all; first with those that were done before.

    Returns:
        The journal's header, and its rows as plain values.

    Raises:
        JournalError: The file exists; or it is damaged, or of other inputs or settings; or it
            cannot be written. What is on file stays.

    Cost: memory does not grow with the number of units.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from logicx import ConceptBank, Units, explain
        >>> bank = ConceptBank.from_masks([[1, 1, 0, 0], [0, 1, 1, 0]], ["water", "blue"])
        >>> plan = explain(bank, Units.from_masks([[1, 0, 0, 0], [0, 0, 0, 0]], ["483", "484"]))
        >>> with TemporaryDirectory() as folder:
        ...     for row in run_journal(plan, folder + "/run.jsonl"):
        ...         print(row["unit"], row.get("formula"), row.get("skipped"))
        483 water AND NOT blue None
        484 None it never fires on a valid cell
    """
    with open_journal(plan, path, resume=resume) as journal:
        if progress:
            progress(journal.n_rows, len(plan))
        for _ in journaled(plan, journal):
            if progress:
                progress(journal.n_rows, len(plan))
    return JournalReader(journal.path, read_journal(path).header, tuple(journal.notes))


def open_journal(plan: Explanations, path: str | Path, *, resume: bool = False) -> Journal:
    """The journal of a plan: a new one, or (resuming) the one that it was begun with."""
    from logicx.search.formulas.moves import ways_of

    names = sha256()
    for name in plan.units:
        names.update(json.dumps(name).encode())
    header: dict[str, Any] = {
        "settings": plan.settings,
        "objective": plan.objective,
        "min_active": plan.min_active,
        "truth_tables": [
            "".join(str(int(one)) for one in way.table)
            for ways in (ways_of(plan.settings["steps"]) if plan.settings["steps"] else ())
            for way in ways
        ],
        "n_units": len(plan),
        "unit_names": names.hexdigest(),
    }
    parts = parts_of(plan)
    if parts:
        header["parts"] = parts
    return Journal(path, header, resume=resume)


def journaled(plan: Explanations, journal: Journal) -> Iterator[Row]:
    """Search the units that are not in the journal yet; each row is on file before it is seen."""
    for one in plan.results(journal.n_rows):
        if isinstance(one, Skipped):
            row: Row = {"unit": one.unit, "skipped": one.reason}
        else:
            if one.is_interrupted:
                raise KeyboardInterrupt  # half a proof is no result to keep
            row = one.as_dict()
            del row["settings"]  # they stand in the header
        journal.append(row)
        yield row
