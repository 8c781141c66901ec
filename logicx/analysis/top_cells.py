"""Units of a run with their formulas, class weights, and the cells at which they are highest.

Source: Mu and Andreas 2020, Figure 6.
"""

from __future__ import annotations

import csv
from bisect import bisect_right
from dataclasses import asdict, dataclass
from heapq import nlargest
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from logicx.banks.replacing import replacing
from logicx.banks.signatures import INVALID
from logicx.errors import DataError, JournalError, OptionError
from logicx.language.parsing import parse
from logicx.scoring.counts import Counts, evaluate
from logicx.scoring.objectives import score_counts
from logicx.scoring.structure import refined

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from logicx.analysis.class_weights import ClassWeights
    from logicx.banks.bank import ConceptBank
    from logicx.runs.journal import JournalReader, Row
    from logicx.units.units import Units


class TopCell(NamedTuple):
    """A cell at which a unit is high.

    Args:
        cell: Its number.
        activation: What the unit does there.
        holds: Whether the unit's formula is true there.
        text: Its text in parts: `premise` and `hypothesis`, `text`, or `before`, `token`, `after`.
        outputs: What else is known of the cell, such as the model's prediction.
    """

    cell: int
    activation: float
    holds: bool
    text: dict[str, str]
    outputs: dict[str, str]


@dataclass(frozen=True)
class UnitRow:
    """A unit of the table.

    Args:
        unit: Its name.
        formula: Its formula.
        objective: What was maximised.
        score: By that objective, penalty included.
        iou: Intersection over union of formula and unit.
        best_single: The best single concept by the same objective.
        best_single_iou: Its intersection over union with the unit.
        n_on: Valid cells at which the unit fires.
        share_on: The share that they are of all cells that count, which is the IoU of a formula
            that is always true.
        weights: Its weight for each class, if they are known.
        cells: The cells at which it is highest, the highest first.
    """

    unit: str
    formula: str
    objective: str
    score: float
    iou: float
    best_single: str
    best_single_iou: float
    n_on: int
    share_on: float
    weights: dict[str, float]
    cells: list[TopCell]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for `--json`."""
        return {**asdict(self), "cells": [one._asdict() for one in self.cells]}


def unit_table(
    journal: JournalReader,
    bank: ConceptBank,
    units: Units,
    *,
    unit: Sequence[str | int] = (),
    limit: int = 10,
    length: int | None = None,
    cells: int = 3,
    context: int = 8,
    weights: ClassWeights | None = None,
    outputs: Mapping[str, Sequence[Any]] | None = None,
) -> Iterator[UnitRow]:
    """The best units of a run, or those that are named, each with its highest cells.

    Args:
        journal: The run, finished or not; see `read_journal`.
        bank: The bank it was made on, with the texts of its cells.
        units: The units it was made on, with their activations.
        unit: Names or numbers of units, in this order; by default those of highest score.
        limit: Most units where none are named; 0 for all.
        length: Show the best formulas of at most so many concepts, from 1, and rank by them; by
            default those of the run.
        cells: Cells for each unit, from 0. Only valid cells at which it fires are taken; of cells
            with equal activation those that come first.
        context: Tokens that are shown before and after a token, within its document.
        weights: Weights of the units for classes; see `read_class_weights`.
        outputs: Columns with a value for each cell, such as the model's predictions.

    Raises:
        OptionError: An option means nothing.
        JournalError: The run was made on another bank or other units.
        DataError: A unit is not in the run; the units hold no activations or the bank no texts; or
            `outputs` are not one for each cell.

    Cost: reads the journal once, and the activations of the units that are shown.
    """
    least = {"limit": (limit, 0), "cells": (cells, 0), "context": (context, 0)}
    for name, (value, lowest) in {**least, "length": (1 if length is None else length, 1)}.items():
        if value < lowest:
            raise OptionError(f"{name} must be at least {lowest}, not {value}")
    check_run(journal, bank, units)
    for name, values in (outputs or {}).items():
        if len(values) != bank.universe.n_cells:
            raise DataError(
                f"the outputs have {len(values):,} rows ({name}), but bank {bank.name!r} covers "
                f"{bank.universe}",
                hint="give the outputs for exactly the data that the bank was compiled from, in "
                "their order",
            )
    if cells and bank.texts is None:
        raise DataError(
            f"bank {bank.name!r} holds no texts of its cells",
            hint="set cells=0 for the table alone; for images: logicx show; banks of texts keep "
            "them with keep_text = true",
        )
    for row in _chosen(journal, units, unit, limit, length):
        number = units.number(row["unit"])
        single, counts = row["best_single"], Counts(**row["counts"])
        yield UnitRow(
            row["unit"],
            row["formula"],
            row["objective"],
            row["score"],
            score_counts("iou", counts),
            single["formula"],
            score_counts("iou", Counts(**single["counts"])),
            counts.tp + counts.fn,
            (counts.tp + counts.fn) / counts.n_cells,
            {} if weights is None else weights.of(number),
            _top_cells(bank, units, number, row["formula"], cells, context, outputs or {}),
        )


def write_table(path: Path, rows: Sequence[UnitRow]) -> None:
    """Write a line for each cell, which repeats what is said of its unit; without cells, a unit.

    Raises:
        FileError: It cannot be written.
    """
    lines = [line for row in rows for line in _lines(row)]
    columns = dict.fromkeys(name for line in lines for name in line)
    with replacing(path) as unfinished, unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns), restval="")
        writer.writeheader()
        writer.writerows(lines)


def check_run(journal: JournalReader, bank: ConceptBank, units: Units) -> None:
    """Raise a `JournalError` unless the run was made on this very bank and these units."""
    settings = journal.header["settings"]
    if settings["bank"] != bank.content:
        raise JournalError(
            f"{journal.path} was made on another bank ({settings['bank'][:12]}) "
            f"than {bank.name!r} ({bank.content[:12]})",
            hint="name the bank that the run was made on",
        )
    if settings["units"] != units.content:
        rule = f" at the threshold {units.threshold}" if units.threshold else ""
        raise JournalError(
            f"{journal.path} was made on other units ({settings['units'][:12]}) "
            f"than these{rule} ({units.content[:12]})",
            hint="name the units and the threshold that the run was made with",
        )


def _chosen(
    journal: JournalReader,
    units: Units,
    unit: Sequence[str | int],
    limit: int,
    length: int | None,
) -> list[Row]:
    """The rows of the named units in that order, or the best; of equals those that come first."""
    names = [units.names[units.number(one)] for one in unit]
    if not names:
        explained = (
            (i, _shortened(journal, row, length))
            for i, row in enumerate(journal)
            if "skipped" not in row
        )
        best = nlargest(limit or journal.header["n_units"], explained, key=lambda one: _rank(*one))
        return [row for _, row in best]
    found = {row["unit"]: row for row in journal if row["unit"] in set(names)}
    for name in names:
        if name not in found:
            raise DataError(
                f"unit {name!r} is not in {journal.path}",
                hint="was it searched, and is the run complete?",
            )
        if "skipped" in found[name]:
            raise DataError(f"unit {name!r} was skipped in this run: {found[name]['skipped']}")
    return [_shortened(journal, found[name], length) for name in names]


def _shortened(journal: JournalReader, row: Row, length: int | None) -> Row:
    """The row with its best formula of at most so many concepts."""
    if length is None or length >= row["length"]:
        return row
    fitting = [one for one in row["by_length"] if one["length"] <= length]
    if not fitting:
        raise DataError(
            f"{journal.path} holds no formula of length {length} for unit {row['unit']!r}",
            hint="leave length away, or search with that length",
        )
    return {**row, **max(fitting, key=lambda one: one["score"])}


def _rank(place: int, row: Row) -> tuple[float, int]:
    return row["score"], -place


def _top_cells(
    bank: ConceptBank,
    units: Units,
    number: int,
    formula: str,
    n: int,
    context: int,
    outputs: Mapping[str, Sequence[Any]],
) -> list[TopCell]:
    if not n:
        return []
    activations = units.activations(units.names[number])
    fires = np.flatnonzero(units.mask(units.names[number]))
    fires = fires[bank.cell_map.at(fires) != INVALID]
    highest = fires[np.argsort(-activations[fires].astype(np.float64), kind="stable")[:n]]
    tree = parse(formula, names=bank.names)
    finer = refined(bank, [tree])
    holds = evaluate(tree, finer)[finer.cell_map.at(highest)]
    return [
        TopCell(
            cell,
            float(activations[cell]),
            bool(is_true),
            _text(bank, cell, context),
            {name: str(values[cell]) for name, values in outputs.items()},
        )
        for cell, is_true in zip(highest.tolist(), holds.tolist(), strict=True)
    ]


def _text(bank: ConceptBank, cell: int, context: int) -> dict[str, str]:
    texts = bank.texts
    assert texts is not None
    own = texts[cell]
    if bank.universe.kind == "tokens":
        ends = bank.universe.offsets
        document = bisect_right(ends, cell) - 1
        first, end = (
            max(ends[document], cell - context),
            min(ends[document + 1], cell + context + 1),
        )
        before = [texts[i][0] for i in range(first, cell)]
        after = [texts[i][0] for i in range(cell + 1, end)]
        # A model's own tokens bring their white space along; others are words.
        has_space = any(one != one.strip() for one in (*before, *own, *after))
        joint = "" if has_space else " "
        return {"before": joint.join(before), "token": own[0], "after": joint.join(after)}
    if len(own) == 1:
        return {"text": own[0]}
    return dict(zip(("premise", "hypothesis"), own, strict=True))


def _lines(row: UnitRow) -> Iterator[dict[str, Any]]:
    own: dict[str, Any] = {
        "unit": row.unit,
        "formula": row.formula,
        "objective": row.objective,
        "score": row.score,
        "iou": row.iou,
        "best_single": row.best_single,
        "best_single_iou": row.best_single_iou,
        "n_on": row.n_on,
        "share_on": row.share_on,
        **{f"weight:{name}": value for name, value in row.weights.items()},
    }
    if not row.cells:
        yield own
    for rank, one in enumerate(row.cells, 1):
        yield {
            **own,
            "rank": rank,
            "cell": one.cell,
            "activation": one.activation,
            "holds": one.holds,
            **one.text,
            **{f"output:{name}": value for name, value in one.outputs.items()},
        }
