"""The compiled engine against the NumPy engine: the same formulas, floats, counts and ties."""

from __future__ import annotations

import json
from unittest.mock import patch

import numpy as np
import pytest
from engine_worlds import (
    ON_REAL_DATA,
    STEPS,
    check_that_little_work_does_not_import,
    levels_of,
    many_units,
    plain,
    random_units,
    random_world,
    searches,
    space_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx import ConceptBank, explain, run_journal
from logicx.banks import bits
from logicx.cli import run
from logicx.errors import OptionError
from logicx.runs import running
from logicx.scoring.objectives import OBJECTIVES, CountObjective, objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step

pytest.importorskip("numba", reason="the extra fast is not installed")

from logicx.engines import numba_engine
from logicx.engines.numba_engine import CompiledBank, NumbaEngine


def search_both(
    bank, on, goal, beam, steps=DEFAULT_STEPS, meeting=False, penalty=1.0, penalizes_not=False
):
    """All beam slots at all levels, and how many formulas were scored, by both engines."""
    options = (steps, meeting, penalty, penalizes_not)
    slow = beam.search(space_of(bank, on, goal, *options))
    compiled = space_of(bank, on, goal, *options, engine=NumbaEngine)
    return levels_of(slow), levels_of(running.search_compiled(beam, compiled, True))


@settings(deadline=None, max_examples=150)
@given(
    *searches([1, 3, 8, 30, 600]),
    st.sampled_from([0.0, 1 / 32, 2.0]),
)
def test_it_finds_what_numpy_finds(
    seed, n_concepts, n_cells, repeats, length, width, goal, steps, dedupe, meeting, penalty,
    penalizes_not, frequent,
):  # fmt: skip
    """`frequent` 0 counts all concepts by packed words where that is less work, 2 none."""
    bank, (on,) = random_world(seed, n_concepts, n_cells, repeats, n_units=1)
    beam = Beam(width, length, dedupe)
    with patch.object(bits, "FREQUENT", frequent):
        slow, fast = search_both(
            bank, on, objective_named(goal), beam, steps, meeting, penalty, penalizes_not
        )
    assert fast == slow


def test_packed_words_alone_find_the_same(monkeypatch):
    """Every concept counts as frequent, and packed words cost nothing."""
    monkeypatch.setattr(bits, "FREQUENT", 0.0)
    monkeypatch.setattr(numba_engine, "WORD_PRICE", 0.0)
    monkeypatch.setattr(numba_engine, "MAX_PLANES", 64)
    for seed in range(12):
        bank, (on,) = random_world(seed, 7, 100, 1 + seed % 3 * 4, n_units=1)
        slow, fast = search_both(bank, on, objective_named("iou"), Beam(8, 5), STEPS[seed % 4])
        arrays = CompiledBank.of(bank).arrays
        assert (len(arrays.frequent), len(arrays.rare_indices)) == (7, 0)
        assert fast == slow


@pytest.mark.parametrize(
    ("most", "weight"), [(2**25, np.int32), (2**31 - 1, np.int32), (2**44, np.int64)]
)
@pytest.mark.parametrize("goal", [*OBJECTIVES, "fbeta(3)"])
def test_large_counts_find_the_same(most, weight, goal):
    """Cells up to the end of 32 bits, where sums wrap around and floats of 32 bits round; beyond."""
    for seed in range(8):
        bank, (on,) = random_world(seed, 40, 120, 2, n_units=1)
        dice = np.random.default_rng(seed)
        share = dice.random(bank.n_signatures) ** 4 + 1e-6
        bank.__dict__["size"] = np.maximum(1, (share * (most / share.sum()) * 0.999).astype(int))
        bank.__dict__.pop("count", None)
        on = (bank.size * dice.random(len(on)) ** dice.choice([0.1, 1, 9])).astype(int) * (on > 0)
        on[0] += not on.any()
        steps = STEPS[seed % len(STEPS)]
        slow, fast = search_both(bank, on, objective_named(goal), Beam(6, 5), steps)
        assert CompiledBank.of(bank).weight == weight
        assert fast == slow


def test_what_is_mapped_is_read_in_place(tmp_path, monkeypatch):
    bank, (on,) = random_world(1, 9, 80, 2, n_units=1)
    bank.save(tmp_path / "a.bank")
    mapped = ConceptBank.open(tmp_path / "a.bank")
    slow, fast = search_both(mapped, on, objective_named("iou"), Beam(6, 4))
    assert fast == slow == search_both(bank, on, objective_named("iou"), Beam(6, 4))[0]
    arrays = CompiledBank.of(mapped).arrays
    assert np.shares_memory(arrays.words, mapped.frequent_words)
    assert np.shares_memory(arrays.indices, mapped.concepts_of.indices)
    assert np.shares_memory(arrays.listed, mapped.signatures_of.indices)
    monkeypatch.setattr(numba_engine, "RARE_BYTES", 0)
    bare = ConceptBank.open(tmp_path / "a.bank")
    assert search_both(bare, on, objective_named("iou"), Beam(6, 4)) == (slow, slow)
    arrays = CompiledBank.of(bare).arrays
    assert np.shares_memory(arrays.rare_indices, bare.concepts_of.indices)
    assert (len(arrays.frequent), len(arrays.words)) == (0, len(bare.frequent))


def test_on_real_data_it_finds_what_numpy_finds(reference_bank, reference_units):
    units = [reference_units.on(reference_bank, name) for name in reference_units.names]
    for on in [*units, *random_units(reference_bank, 24)]:
        slow, fast = search_both(reference_bank, on, objective_named("iou"), Beam(10, 10))
        assert fast == slow
    for on in units[:2]:
        for goal, steps, dedupe, penalty in ON_REAL_DATA:
            beam = Beam(10, 4, dedupe)
            slow, fast = search_both(
                reference_bank, on, objective_named(goal), beam, steps, True, penalty, True
            )
            assert fast == slow


# ---- options


@pytest.mark.parametrize("engine", ["numpy", "numba"])
@pytest.mark.parametrize("preset", ["default", "compexp"])
def test_threads_and_engines_change_nothing(engine, preset):
    bank, units = many_units(20)
    options = {"length": 4, "beam": 5, "preset": preset, "penalty": 0.99}
    wanted = plain(explain(bank, units, engine="numpy", **options))
    assert len(wanted[0]) == 19
    for threads in (1, 2, 5):
        plan = explain(bank, units, engine=engine, threads=threads, **options)
        assert plan.engine == engine
        assert plain(plan) == wanted
    assert {one.settings["engine"] for one in plan} == {engine}
    next(iter(plan))  # abandoned threads do not hang


def test_a_journal_is_the_same_whatever_wrote_it(tmp_path):
    bank, units = many_units(20)
    written = []
    for engine, threads in (("numpy", 1), ("numba", 1), ("numba", 3)):
        path = tmp_path / f"{engine}{threads}.jsonl"
        run_journal(explain(bank, units, engine=engine, threads=threads), path)
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]
    cut = b"".join(written[0].splitlines(keepends=True)[:7])
    path.write_bytes(cut)
    run_journal(explain(bank, units, engine="numpy", threads=2), path, resume=True)
    assert path.read_bytes() == written[0]


def test_what_is_not_compiled_is_searched_by_numpy():
    bank, units = many_units()
    goal = CountObjective("iou", lambda tp, fp, n_on, n: tp / (fp + n_on + 1.0), "mine")
    plan = explain(bank, units, engine="numba", objective=goal)
    assert (plan.engine, plan.note) == (
        "numpy",
        "the objective iou is not compiled: the engine numpy searches",
    )
    found = next(iter(plan))
    assert found.settings["engine"] == "numpy"
    by_numpy = explain(bank, units, engine="numpy", objective=goal)
    assert [one.by_length for one in plan] == [one.by_length for one in by_numpy]
    known = objective_named("iou")
    assert running.why_not_compiled(Beam(3, 2), known, 8) == ""
    assert running.why_not_compiled(Beam(3, 2), known, 9) != ""
    assert running.why_not_compiled(Beam(3, 2, "form"), known, 3) != ""
    assert explain(bank, units, engine="numba", dedupe="form").engine == "numpy"
    space = FormulaSpace(NumbaEngine(bank, bank.size), goal, [Step.of("OR")], np.arange(12))
    with pytest.raises(OptionError, match="not compiled"):
        running.search_compiled(Beam(3, 2), space)


def test_auto_takes_numba_where_there_is_much_to_do(monkeypatch):
    bank, units = many_units()
    assert explain(bank, units).engine == "numpy"
    monkeypatch.setattr(running, "WORTH_SECONDS", 0.0)
    plan = explain(bank, units)
    assert (plan.engine, plan.note) == ("numba", "")
    assert {one.settings["engine"] for one in plan} == {"numba"}


def test_an_engine_that_is_missing_is_named_with_its_remedy(monkeypatch, tmp_path, capsys):
    bank, units = many_units()
    with pytest.raises(OptionError, match=r"no engine 'nunba'[\s\S]*did you mean: numba"):
        explain(bank, units, engine="nunba")
    with pytest.raises(OptionError, match="threads"):
        explain(bank, units, threads=0)
    monkeypatch.setattr(running, "find_spec", lambda name: None)
    with pytest.raises(OptionError, match=r"not installed[\s\S]*pip install \"logicx\[fast\]\""):
        explain(bank, units, engine="numba")
    assert explain(bank, units).note == ""
    monkeypatch.setattr(running, "WORTH_SECONDS", 0.0)
    plan = explain(bank, units)
    assert plan.engine == "numpy"
    assert "logicx[fast]" in plan.note
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    where = [f"bank={tmp_path / 'a.bank'}", f"units={tmp_path / 'a.units'}", "unit=0", "--json"]
    assert run(["explain", *where]) == 0
    assert "logicx[fast]" in capsys.readouterr().err
    assert run(["explain", *where, "engine=numba"]) == 2
    monkeypatch.undo()
    assert run(["explain", *where, "engine=numba", "threads=2"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["settings"]["engine"] == "numba"


def test_little_work_does_not_import_numba():
    check_that_little_work_does_not_import("numba")


def test_machine_code_is_known_by_the_source_of_every_kernel(tmp_path, monkeypatch):
    from logicx.kernels import compiled as kernels

    monkeypatch.setattr(kernels._config, "CACHE_DIR", str(tmp_path))
    module = "logicx.search.optimal.scan"
    before = kernels._folder.__wrapped__(module)
    assert before.startswith(str(tmp_path))
    monkeypatch.setattr(kernels, "source_hash", lambda name: "another")
    assert kernels._folder.__wrapped__(module) != before
    (tmp_path / "file").touch()
    monkeypatch.setattr(kernels._config, "CACHE_DIR", str(tmp_path / "file"))
    assert kernels._folder.__wrapped__(module) == ""
