"""One strict reader for all numbers that texts state."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx import Threshold, Units, open_units
from logicx.cli import run
from logicx.errors import LogicxError, OptionError
from logicx.language.numerals import MOST_EXACT, is_number, real, whole
from logicx.scoring.objectives import objective_named
from logicx.sources.recipes import read_change, read_changes

LOOSE = ["1_0", "１２", "١٢", "٣.٥", "1_000.5", "२"]
"""What Python's `float` takes for a number."""


@settings(deadline=None)
@given(st.floats(allow_nan=False) | st.integers(-MOST_EXACT, MOST_EXACT))
def test_numbers_are_read_as_python_writes_them(number):
    assert real(str(number)) == number
    assert is_number(f" {number}\t")


@pytest.mark.parametrize("text", [".5", "5.", "+3", "-0", "1e5", "1E-3", "007", "inf", "-Infinity"])
def test_plain_forms_are_numbers(text):
    assert real(text) == float(text)


@pytest.mark.parametrize(
    "text", [*LOOSE, "", "x", "1e", "0x10", "1,5", "--1", "nan", "−1", "1 0", "."]
)
def test_what_people_would_not_call_a_number_is_none(text):
    with pytest.raises(ValueError, match="is not a number"):
        real(text)
    with pytest.raises(ValueError, match="is not a whole number"):
        whole(text)


def test_what_a_float_cannot_hold_is_told():
    assert real("9007199254740992") == 2**53
    assert real("18014398509481984") == 2**54  # a float holds this one
    with pytest.raises(ValueError, match=r"more digits than a number keeps: 9007199254740992"):
        real("9007199254740993")
    with pytest.raises(ValueError, match="it would be read as 0"):
        real("1e-400")
    with pytest.raises(ValueError, match="too large"):
        real("9" * 5000)
    assert math.isinf(real("1e999"))
    assert real("0.000e-999") == 0


@pytest.mark.parametrize("text", LOOSE)
def test_every_door_reads_strictly(tmp_path, text, capsys):
    for made in (f"value({text})", f"quantile:{text}"):
        with pytest.raises(OptionError):
            Threshold.of(made)
    with pytest.raises(OptionError):
        objective_named(f"fbeta({text})")
    (tmp_path / "u.csv").write_text(f"a\n{text}\n-2\n", encoding="utf-8")
    with pytest.raises(LogicxError, match="is not a number"):
        open_units(tmp_path / "u.csv", "positive")
    assert run(["explain", f"beam={text}"]) == 2
    assert run(["explain", "--beam", text]) == 2
    assert run(["explain", f"--penalty={text}"]) == 2
    assert "number" in capsys.readouterr().err
    units = Units.from_masks([[1, 0], [0, 1]], ["a", "b"])
    with pytest.raises(LogicxError, match="no unit"):
        units.number(text)


def test_a_setting_is_no_number_with_an_underscore():
    assert read_change("pairs.most_common=500") == ("pairs.most_common", 500)
    for text in ("1_0", "1_000", "+1_0.5"):
        with pytest.raises(LogicxError, match="is not a number"):
            read_change(f"pairs.most_common={text}")
    assert read_change("pairs.pipeline=en_core_web_md")[1] == "en_core_web_md"
    assert read_change("name='1_0'") == ("name", "1_0")


def test_what_is_set_twice_is_refused(capsys):
    assert read_changes(["a=1", "b=2"]) == {"a": 1, "b": 2}
    with pytest.raises(LogicxError, match="a is set twice"):
        read_changes(["a=1", "a=2"])
    assert run(["explain", "beam=3", "--beam", "4"]) == 2
    assert "beam is given twice" in capsys.readouterr().err


def test_ids_are_no_activations():
    with pytest.raises(LogicxError, match="9007199254740993"):
        Units.from_activations([[1, 2**53 + 1]])
    assert Units.from_activations([[1, 2**53]]).n_on.tolist() == [2]
