"""Cells at which a unit is not known count nowhere for that unit: held against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from logicx import (
    ConceptBank,
    Units,
    compile_recipe,
    explain,
    open_units,
    read_journal,
    run_journal,
    score,
)
from logicx.analysis.images import image_counts
from logicx.banks.restricting import restricted
from logicx.banks.universe import Universe
from logicx.errors import DataError, OptionError

NAMES = ["a", "b", "c", "d"]


def world(seed: int, n_cells: int = 60, universe=None):
    rng = np.random.default_rng(seed)
    masks = rng.random((4, n_cells)) < 0.4
    valid = rng.random(n_cells) < 0.9
    bank = ConceptBank.from_masks(masks, NAMES, valid=valid, universe=universe)
    on = rng.random((3, n_cells)) < 0.5
    known = rng.random((3, n_cells)) < 0.7
    known[2] = True
    units = Units.from_masks(np.ma.masked_array(on, ~known), ["u", "v", "w"], universe=universe)
    return bank, units, masks, valid, on, known


def counts(holds, on, counted):
    return tuple(
        int((counted & one).sum()) for one in (holds & on, holds & ~on, ~holds & on, ~holds & ~on)
    )


def told(found):
    one = found.counts
    return one.tp, one.fp, one.fn, one.tn


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_the_known_cells(seed):
    bank, units, masks, valid, on, known = world(seed)
    for i, name in enumerate(units.names):
        for a, b in itertools.combinations(range(4), 2):
            holds = masks[a] & ~masks[b]
            found = score(f"{NAMES[a]} AND NOT {NAMES[b]}", bank, units, name)
            assert told(found) == counts(holds, on[i], valid & known[i])
        n_missing = int((~known[i]).sum())
        assert [f"{n_missing:,} of 60 cells" in one for one in found.notes] == [True] * (i < 2)


def best(masks, on, counted, literals):
    """The best of all formulas of at most two concepts, by trying them."""
    masks = [*masks, *(~one for one in masks)] if literals else masks
    pairs = [*itertools.permutations(masks, 2)]
    tried = [*masks, *(one & other for one, other in pairs), *(one | other for one, other in pairs)]
    tried += [one & ~other for one, other in pairs]
    scores = [counts(holds, on, counted)[:3] for holds in tried]
    return max(tp / max(1, tp + fp + fn) for tp, fp, fn in scores)


OPTIONS = [
    {"strategy": "exhaustive", "length": 2},
    {"strategy": "optimal", "length": 2},
    {"beam": 1000, "length": 2, "engine": "numpy", "bound_time": 10.0},
    {"beam": 1000, "length": 2, "engine": "numba"},
    {"beam": 1000, "length": 2, "engine": "torch:cpu"},
    {"beam": 1000, "length": 2, "heuristic": "bounds"},
    {"beam": 1000, "length": 2, "heuristic": "mmesh-exact"},
]


@pytest.mark.parametrize("how", OPTIONS, ids=str)
def test_every_search_finds_the_best_on_the_known_cells(how):
    if how.get("strategy") == "optimal" or how.get("engine") == "numba" or "bound_time" in how:
        pytest.importorskip("numba")
    for seed in range(3):
        universe = Universe.pixels(3, 4, 5) if "mmesh-exact" in how.values() else None
        bank, units, masks, valid, on, known = world(seed, universe=universe)
        found = {one.unit: one for one in explain(bank, units, **how)}
        for i, name in enumerate(units.names):
            one = found[name]
            assert one.score == pytest.approx(
                best(masks, on[i], valid & known[i], literals="heuristic" not in how)
            )
            assert one.is_proven or "beam" in how
            again = score(one.formula, bank, units, name)
            assert told(one) == told(again)
            assert one.counts.n_cells == (valid & known[i]).sum()
            assert one.score <= one.ceiling + 1e-12
            assert one.settings["bank"] == bank.content
            assert told(score(one.best_single.formula, bank, units, name)) == told(one.best_single)


def test_a_search_equals_one_on_a_bank_without_those_cells():
    for seed in range(3):
        bank, units, masks, valid, on, known = world(seed)
        for i, name in enumerate(units.names):
            kept = valid & known[i]
            small = ConceptBank.from_masks(masks[:, kept], NAMES)
            alone = Units.from_masks(on[i : i + 1, kept], [name])
            (mine,), (other,) = (
                list(explain(*pair, unit=[name], length=3))
                for pair in ((bank, units), (small, alone))
            )
            assert mine.formula == other.formula
            assert (mine.score, mine.counts, mine.ceiling) == (
                other.score,
                other.counts,
                other.ceiling,
            )


def test_images_with_unknown_cells_and_their_counts():
    universe = Universe.pixels(3, 4, 5)
    bank, units, masks, valid, on, known = world(7, universe=universe)
    table = image_counts(bank, units, "u", "a AND NOT b")
    total = counts(masks[0] & ~masks[1], on[0], valid & known[0])
    assert tuple(table.sum(axis=0).tolist()) == total
    assert told(score("a AND NOT b", bank, units, "u")) == total
    assert restricted(bank, known[0]).universe == universe


def test_files_journals_and_hashes_know_of_unknown_cells(tmp_path):
    bank, units, _, _, on, known = world(3)
    units.save(tmp_path / "u.units")
    opened = Units.open(tmp_path / "u.units")
    assert opened.content == units.content
    assert opened.content != Units.from_masks(on & known, units.names).content
    assert opened.known_everywhere().content == Units.from_masks(on & known, units.names).content
    for name in units.names:
        mine, other = opened.valid(name), units.valid(name)
        assert (mine is None and other is None) or np.array_equal(mine, other)
    run_journal(explain(bank, opened), tmp_path / "run.jsonl")
    rows = list(read_journal(tmp_path / "run.jsonl"))
    assert [sum(row["counts"].values()) for row in rows] == [
        restricted(bank, one).n_valid for one in known
    ]


def test_a_unit_that_is_known_nowhere_or_hardly_is_skipped():
    bank = ConceptBank.from_masks([[1, 0, 1, 0], [1, 1, 0, 0]], ["a", "b"])
    hidden = np.ma.masked_array([[1, 1, 0, 1]] * 2, [[1, 1, 1, 1], [1, 1, 1, 0]])
    units = Units.from_masks(hidden, ["none", "one"])
    plan = explain(bank, units, min_atom_support=2)
    assert list(plan) == []
    assert [one.unit for one in plan.skipped] == ["none", "one"]
    assert "no concept holds at 2 cells" in plan.skipped[1].reason
    with pytest.raises(DataError, match="never fires on a valid cell"):
        score("a", bank, units, "none")


# ---- labels and numbers of tables

CASES = [
    (["x", "y", "", "x"], None, {"x": "10-1", "y": "01-0"}),
    (["x", "y", "-", "NA"], None, {"x": "10--", "y": "01--"}),
    (["x", "-1", "y", "x"], None, {"x": "1-01", "y": "0-10"}),
    (["0", "1", "-1", "2"], None, {"0": "10-0", "1": "01-0", "2": "00-1"}),
    (["1", "-1", "1", "-1"], None, {"-1": "0101", "1": "1010"}),
    (["1", "-1", "1", "-1"], "invalid", {"1": "1-1-"}),
    (["-2", "-1", "0", "1"], None, {"-2": "1000", "-1": "0100", "0": "0010", "1": "0001"}),
    (["0.5", "-1.0", "2.0", "2.0"], None, {"0.5": "1000", "-1.0": "0100", "2.0": "0011"}),
    (["UNK", "x", "UNK", "x"], None, {"UNK": "1010", "x": "0101"}),
    (["x", "", "x", "y"], "off", {"x": "1010", "y": "0001"}),
    (["x", "", "-", "x"], "label", {"x": "1001", "(missing)": "0100", "-": "0010"}),
]


@pytest.mark.parametrize(("labels", "missing", "expected"), CASES)
def test_labels_that_are_missing(tmp_path, labels, missing, expected):
    (tmp_path / "u.csv").write_text("gt,k\n" + "".join(f"{one},z\n" for one in labels))
    units = open_units(tmp_path / "u.csv", missing=missing)
    found = {}
    for name in units.names:
        if name.startswith("gt="):
            mask, known = units.mask(name), units.valid(name)
            known = np.ones(4, bool) if known is None else known
            shown = [
                "-" if not there else str(int(one)) for one, there in zip(mask, known, strict=True)
            ]
            found[name.removeprefix("gt=")] = "".join(shown)
    assert found == expected
    assert units.valid("k=z") is None
    is_told = any("-" in one for one in expected.values()) or missing == "off"
    assert bool(units.notes) == is_told


def test_numbers_that_are_missing_take_no_part_in_thresholds(tmp_path):
    (tmp_path / "u.csv").write_text("u,v\n1,-1\nNA,5\n3,\n4,0\n")
    units = open_units(tmp_path / "u.csv", "quantile(0.4)")
    expected = Units.from_activations([[1.0, 3, 4]], "quantile(0.4)")
    assert units.cut[0] == expected.cut[0]
    assert units.valid("u").tolist() == [True, False, True, True]
    off = open_units(tmp_path / "u.csv", "positive", missing="off")
    assert off.valid("u") is None
    assert off.mask("v").tolist() == [False, True, False, False]
    assert "2 missing values count as not firing" in off.notes[0]
    with pytest.raises(OptionError, match="missing=label is for labels"):
        open_units(tmp_path / "u.csv", "positive", missing="label")
    with pytest.raises(OptionError, match="missing is one of"):
        open_units(tmp_path / "u.csv", missing="skip")


def test_minus_one_in_activations_is_a_number(tmp_path):
    (tmp_path / "u.csv").write_text("u\n-1\n0\n1\n")
    assert open_units(tmp_path / "u.csv", "value(-0.5)").valid("u") is None


def test_a_bank_says_how_many_values_are_missing(tmp_path):
    (tmp_path / "t.csv").write_text("color,age\nred,1\n,2\nNA,x\nred,3\n".replace("x", ""))
    (tmp_path / "r.toml").write_text(
        'kind = "table"\n[source]\npath = "t.csv"\n[columns]\ncolor = "category"\n'
        'age = { kind = "quantiles", bins = 2 }\n'
    )
    bank = compile_recipe(tmp_path / "r.toml")
    assert [one.split(" (")[0] for one in bank.notes] == [
        "column 'color': 2 of 4 values are missing",
        "column 'age': 1 of 4 values are missing",
    ]
