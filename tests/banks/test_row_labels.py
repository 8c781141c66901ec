"""Rows of pandas are taken in the order in which they lie: where labels say another, it is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from logicx import ConceptBank, Units
from logicx.errors import DataError

pd = pytest.importorskip("pandas")

VALUES = {"a": [True, False, True, False], "b": [False, False, True, True]}
MAKERS = {
    "masks": lambda frame: Units.from_masks(frame),
    "activations": lambda frame: Units.from_activations(frame * 1.0),
    "bank": lambda frame: ConceptBank.from_masks(frame),
    "table": lambda frame: ConceptBank.from_table(frame, {"a": "boolean"}),
}
maker = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@maker
def test_shuffled_rows_are_told_of(make):
    frame = pd.DataFrame(VALUES)
    assert make(frame).notes == ()
    for shuffled in (frame.sample(frac=1, random_state=1), frame.sort_values("a"), frame[::-1]):
        (note,) = make(shuffled).notes
        assert "in the order in which they lie" in note
        assert f"numbered {', '.join(map(str, shuffled.index[:3]))}" in note
        assert make(shuffled.reset_index(drop=True)).notes == ()


@maker
@pytest.mark.parametrize(
    "index", [[10, 20, 30, 40], ["d", "c", "b", "a"], [0.5, 0.1, 0.2, 0.3], [3, 3, 4, 4]]
)
def test_labels_in_order_or_that_are_no_numbers_are_none_of_our_business(make, index):
    assert make(pd.DataFrame(VALUES, index=index)).notes == ()


def test_series_of_other_rows_are_not_put_together():
    a = pd.Series([1.0, 0.0, 2.0], name="a")
    b = pd.Series([0.0, 3.0, 1.0], name="b")
    other = b.sort_values()
    for columns in ({"a": a, "b": other}, [a, other]):
        with pytest.raises(DataError, match="rows have different labels") as e:
            Units.from_activations(columns)
        assert "reset_index" in e.value.hint
    with pytest.raises(DataError, match="rows have different labels"):
        ConceptBank.from_masks({"a": a > 0, "b": other > 0})
    assert Units.from_activations([a, b]).n_on.tolist() == [2, 2]
    joined = Units.from_activations(pd.DataFrame({"a": a, "b": other}))
    assert joined.content == Units.from_activations([a, b]).content
    assert "numbered" in Units.from_activations(other).notes[0]


def test_other_libraries_have_no_labels():
    pl = pytest.importorskip("polars")
    assert Units.from_masks(pl.DataFrame(VALUES)).notes == ()
    assert Units.from_masks(np.ones((2, 3))).notes == ()


def test_nested_tensors_are_refused_with_the_remedy():
    parts = [torch.ones(2), torch.ones(3)]
    nested = torch.nested.nested_tensor(parts, layout=torch.jagged)
    for make in (Units.from_activations, lambda one: ConceptBank.from_masks(one, ["a", "b"])):
        with pytest.raises(DataError, match="nested tensor has no one shape"):
            make(nested)
