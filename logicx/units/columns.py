"""Units from the columns of a table: a unit per label, or the activations of one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from logicx.banks.tables import shown_texts
from logicx.banks.values import is_missing, numbers, text_of
from logicx.errors import DataError, OptionError, in_file
from logicx.language.lookalikes import told_apart
from logicx.language.numerals import is_number, is_whole
from logicx.units.units import Units

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from logicx.banks.tablefiles import Table
    from logicx.units.thresholds import Threshold

Missing = Literal["invalid", "off", "label"]
CHOICES = ("invalid", "off", "label")
NAMELESS = "(missing)"
"""What an empty cell is called where it is a label."""
MAX_LABELS = 1000
"""Most different labels of a column: more are taken for a mistake."""


def units_of_columns(
    table: Table,
    path: Path,
    threshold: str | Threshold | None,
    missing: Missing | None,
    progress: Callable[[int, int], None] | None,
) -> Units:
    """The units of a table; see `logicx.open_units`.

    Raises:
        DataError: Values are not of one kind, or there is no row.
    """
    if missing is not None and missing not in CHOICES:
        raise OptionError(f"missing is one of {', '.join(CHOICES)}, not {missing!r}")
    columns = table.data(path)
    n_rows = len(next(iter(columns.values()), ()))
    if not n_rows:
        raise DataError(f"{path} has no {'rows' if columns else 'columns'}")
    if threshold is not None:
        if missing == "label":
            raise OptionError(
                "missing=label is for labels, and with a threshold the columns hold numbers",
                hint="use missing=off or missing=invalid",
            )
        with in_file(path, "leave threshold away where columns hold labels"):
            units = _of_numbers(columns, threshold, missing, progress)
    else:
        with in_file(path, "to read numbers as activations, set a threshold, such as positive"):
            units = _of_labels(columns, n_rows, missing)
    units.notes = (*table.notes, *units.notes)
    return units


def _of_numbers(
    columns: dict[str, list[Any]],
    threshold: str | Threshold,
    missing: Missing | None,
    progress: Callable[[int, int], None] | None,
) -> Units:
    read = {name: numbers(name, values) for name, values in columns.items()}
    lost = {name: np.isnan(values) for name, values in read.items()}
    table = {
        name: np.ma.masked_array(values, lost[name]) if lost[name].any() else values
        for name, values in read.items()
    }
    units = Units.from_activations(table, threshold, progress=progress)
    if missing == "off":
        units = units.known_everywhere()
        n = sum(int(one.sum()) for one in lost.values())
        off = (f"{n:,} missing values count as not firing",) if n else ()
        units.notes = (*off, *told_apart(units.names, "units"))
    return units


def _of_labels(columns: dict[str, list[Any]], n_rows: int, missing: Missing | None) -> Units:
    masks: dict[str, NDArray[Any]] = {}
    notes: list[str] = []
    for name, values in columns.items():
        texts = [text_of(value) for value in values]
        lost = np.zeros(n_rows, bool)
        if missing == "label":
            texts = [text or NAMELESS for text in texts]
        else:
            signs = missing_labels(texts, missing is not None)
            lost = np.array([text in signs for text in texts], bool)
        kinds = sorted({text for text, gone in zip(texts, lost, strict=True) if not gone})
        if len(kinds) > MAX_LABELS:
            raise DataError(
                f"column {name!r} has {len(kinds):,} different values, more than {MAX_LABELS:,}"
            )
        array = np.array(texts, dtype=object)
        for one in kinds:
            mask = np.asarray(array == one, dtype=bool)
            if f"{name}={one}" in masks:
                raise DataError(f"the unit name {f'{name}={one}'!r} is given twice")
            is_kept = missing == "off" or not lost.any()
            masks[f"{name}={one}"] = mask if is_kept else np.ma.masked_array(mask, lost)
        if lost.any():
            notes.append(_note(name, texts, lost, missing))
    units = Units.from_masks(masks)
    units.notes = (*notes, *told_apart(units.names, "units"))
    return units


def missing_labels(texts: Sequence[str], is_asked: bool) -> frozenset[str]:
    """The texts that say that a label is missing, among some labels.

    `-1` is one beside 0, as Hugging Face's `datasets` writes it, or beside names; beside 1 alone,
    or other numbers below 0, it is a label.

    Args:
        texts: The labels.
        is_asked: Whether a person asked for missing labels: then `-1` is one beside 1, too.
    """
    kinds = set(texts)
    signs = {text for text in kinds if is_missing(text) or text == "-"}
    for minus in kinds & {"-1", "-1.0"}:
        others = kinds - signs - {minus}
        is_class = all(is_whole(one.removesuffix(".0")) for one in others)
        is_name = not any(map(is_number, others))
        if others and (is_name or (is_class and (is_asked or others & {"0", "0.0"}))):
            signs.add(minus)
    return frozenset(signs)


def _note(name: str, texts: Sequence[str], lost: NDArray[np.bool_], missing: str | None) -> str:
    gone = [text for text, is_gone in zip(texts, lost, strict=True) if is_gone]
    means = "count as not firing" if missing == "off" else "count nowhere for these units"
    hint = "" if missing else "; missing=off or missing=label says otherwise"
    return (
        f"column {name!r}: {len(gone):,} of {len(texts):,} labels are missing "
        f"({shown_texts(gone)}) and {means}{hint}"
    )
