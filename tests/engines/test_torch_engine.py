"""The engine of PyTorch against the NumPy engine: the same formulas, floats, counts and ties."""

from __future__ import annotations

import json
from itertools import islice
from unittest.mock import patch

import numpy as np
import pytest
import torch
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

from logicx import ConceptBank, Units, explain, run_journal
from logicx.cli import run
from logicx.engines import torch_beam, torch_engine, torch_formulas
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import DataError, OptionError
from logicx.runs import running
from logicx.scoring.objectives import OBJECTIVES, CountObjective, objective_named
from logicx.search.beam import Beam
from logicx.search.formulas.space import FormulaSpace
from logicx.search.formulas.steps import DEFAULT_STEPS, Step

CPU = torch.device("cpu")


def search_both(
    bank, ons, goal, beam, steps=DEFAULT_STEPS, meeting=False, penalty=1.0, penalizes_not=False
):
    """All beam slots at all levels, and how many formulas were scored, by both engines."""
    options = (steps, meeting, penalty, penalizes_not)
    spaces = [space_of(bank, on, goal, *options) for on in ons]
    slow = [levels_of(beam.search(space)) for space in spaces]
    return slow, [levels_of(one) for one in running.search_on_device(beam, spaces, CPU, True)]


@settings(deadline=None, max_examples=100)
@given(
    *searches([1, 3, 8, 30, 33, 600]),
    st.sampled_from([1, 4]),
)
def test_it_finds_what_numpy_finds(
    seed, n_concepts, n_cells, repeats, length, width, goal, steps, dedupe, meeting, penalty,
    penalizes_not, head,
):  # fmt: skip
    bank, ons = random_world(seed, n_concepts, n_cells, repeats)
    with patch.object(torch_beam, "HEAD", head):
        slow, fast = search_both(
            bank, ons, objective_named(goal), Beam(width, length, dedupe), steps, meeting, penalty,
            penalizes_not,
        )  # fmt: skip
    assert fast == slow


def test_a_unit_that_never_fires_scores_as_with_numpy():
    bank, ons = random_world(5, 9, 80, 2)
    for goal in OBJECTIVES:
        slow, fast = search_both(bank, [ons[0], ons[1] * 0], objective_named(goal), Beam(4, 3))
        assert fast == slow


@pytest.mark.parametrize("factor", [10**6, 10**9])
def test_wide_counts_find_the_same(factor):
    """Cells near and beyond 31 bits: both counts share a number, or have one each."""
    for seed in range(4):
        bank, ons = random_world(seed, 9, 80, 2)
        bank.__dict__["size"] = bank.size * factor
        bank.__dict__.pop("count", None)
        wide = [on * factor - (on > 0) for on in ons]
        for goal in ("iou", "mcc"):
            slow, fast = search_both(bank, wide, objective_named(goal), Beam(6, 4), STEPS[seed])
            assert torch_engine.TorchBank.of(bank, CPU).n_parts == (1 if factor == 10**6 else 2)
            assert fast == slow


def test_little_memory_finds_the_same(monkeypatch):
    """A few signatures and concepts at a time, one unit at a time, and hashes that tell nothing."""
    monkeypatch.setattr(torch_engine, "CPU_BYTES", 4 * torch_engine.PLACE_BYTES * 7)
    monkeypatch.setattr(torch_beam, "CACHE_BYTES", 1)
    monkeypatch.setattr(torch_formulas, "_mixers", lambda n: np.zeros(n, np.int64))
    for seed in range(8):
        bank, ons = random_world(seed, 20, 100, 3)
        slow, fast = search_both(bank, ons, objective_named("iou"), Beam(8, 4), STEPS[seed % 4])
        assert fast == slow
        assert torch_engine.units_at_once(bank, 8, CPU) == 1


def test_a_batch_is_as_large_as_memory_allows(monkeypatch):
    bank, _ = random_world(2, 30, 700, 2)
    each = 8 * (2 * 10 * 30 + 16 * 10 * -(-bank.n_signatures // 64) + bank.n_signatures)
    for n in (1, 2, 7, 100):
        monkeypatch.setattr(torch_engine, "CPU_BYTES", 2 * each * n)
        assert torch_engine.units_at_once(bank, 10, CPU) == n
        assert torch_engine.units_at_once(bank, 20, CPU) < max(2, n)
    monkeypatch.setattr(torch_engine, "CPU_BYTES", 1 << 50)
    assert torch_engine.units_at_once(bank, 10, CPU) == torch_engine.MAX_UNITS


def test_memory_does_not_grow_with_the_concepts_of_what_is_counted(monkeypatch):
    bank, ons = random_world(2, 30, 700, 2)
    lengths = []
    scatter_add = torch.Tensor.scatter_add_

    def spy(out, dim, keys, weights):
        lengths.append(len(keys))
        return scatter_add(out, dim, keys, weights)

    monkeypatch.setattr(torch.Tensor, "scatter_add_", spy)
    search_both(bank, ons, objective_named("iou"), Beam(5, 3))
    whole, most = sum(lengths), max(lengths)
    lengths.clear()
    monkeypatch.setattr(torch_engine, "CPU_BYTES", 4 * torch_engine.PLACE_BYTES * 1000)
    search_both(bank, ons, objective_named("iou"), Beam(5, 3))
    assert sum(lengths) == whole
    assert max(lengths) <= 1000 + 30 < most


def test_what_is_mapped_is_not_written_to(tmp_path):
    bank, ons = random_world(1, 9, 80, 2)
    bank.save(tmp_path / "a.bank")
    mapped = ConceptBank.open(tmp_path / "a.bank")
    slow, fast = search_both(mapped, ons, objective_named("iou"), Beam(6, 4))
    assert fast == slow == search_both(bank, ons, objective_named("iou"), Beam(6, 4))[0]


def test_on_real_data_it_finds_what_numpy_finds(reference_bank, reference_units):
    given = [reference_units.on(reference_bank, name) for name in reference_units.names]
    units = [*given, *random_units(reference_bank, 64)]
    slow, fast = search_both(reference_bank, units, objective_named("iou"), Beam(10, 10))
    assert len(fast) == 72
    assert fast == slow
    for goal, steps, dedupe, penalty in ON_REAL_DATA:
        beam = Beam(10, 4, dedupe)
        slow, fast = search_both(
            reference_bank, units[6:10], objective_named(goal), beam, steps, True, penalty, True
        )
        assert fast == slow


def test_square_roots_are_rounded_correctly():
    values = np.random.default_rng(0).integers(0, 1 << 53, 100_000).astype(np.float64)
    assert np.array_equal(torch_engine.square_root(torch.from_numpy(values)), np.sqrt(values))


def test_bits_are_counted():
    words = np.random.default_rng(0).integers(-(2**63), 2**63, (50, 3))
    words[0] = (0, -1, -(2**63))
    wanted = np.bitwise_count(words.view(np.uint64)).sum(1)
    assert torch_engine.popcount(torch.from_numpy(words)).tolist() == wanted.tolist()


# ---- options


@pytest.mark.parametrize("preset", ["default", "compexp"])
@pytest.mark.parametrize("n_at_once", [1, 3, 7, 20, 99])
def test_batches_and_threads_change_nothing(monkeypatch, preset, n_at_once):
    bank, units = many_units(20, never=(2, -1))
    options = {"length": 4, "beam": 5, "preset": preset, "penalty": 0.99, "min_active": 58}
    wanted = plain(explain(bank, units, engine="numpy", **options))
    assert len(wanted[0]) + len(wanted[1]) == 20
    assert len(wanted[1]) > 2
    monkeypatch.setattr(torch_engine, "MAX_UNITS", n_at_once)
    sizes = []
    search = running.search_on_device

    def spy(beam, spaces, device, **options):
        sizes.append(len(spaces))
        return search(beam, spaces, device, **options)

    monkeypatch.setattr(running, "search_on_device", spy)
    for threads in (1, 3):
        plan = explain(bank, units, engine="torch:cpu", threads=threads, **options)
        assert plan.engine == "torch:cpu"
        sizes.clear()
        assert plain(plan) == wanted
        assert sum(sizes) == len(wanted[0])
        assert max(sizes) <= n_at_once
        n_most = -(-20 // n_at_once)  # batches of units that are all skipped are not searched
        assert n_most - len(wanted[1]) <= len(sizes) <= n_most
    assert {one.settings["engine"] for one in plan} == {"torch:cpu"}
    again = explain(bank, units, unit=["4", "4", "1"], engine="torch:cpu", length=2)
    assert [one.unit for one in again] == ["4", "4", "1"]


def test_a_batch_in_which_all_units_are_skipped_is_no_error():
    bank, units = many_units(never=(2, -1))
    plan = explain(bank, units, unit=["2", "5"], engine="torch:cpu")
    assert (list(plan), len(plan.skipped)) == ([], 2)
    with pytest.raises(DataError, match="never fires"):
        list(explain(bank, units, unit="2", engine="torch:cpu"))


def test_a_journal_is_the_same_whatever_wrote_it(tmp_path, monkeypatch):
    bank, units = many_units(20, never=(2, -1))
    written = []
    for engine, n_at_once in (("numpy", 0), ("torch:cpu", 1), ("torch:cpu", 6), ("torch:cpu", 99)):
        monkeypatch.setattr(torch_engine, "MAX_UNITS", n_at_once)
        path = tmp_path / f"{engine[:5]}{n_at_once}.jsonl"
        run_journal(explain(bank, units, engine=engine), path)
        written.append(path.read_bytes())
    assert len({*written}) == 1
    path.write_bytes(b"".join(written[0].splitlines(keepends=True)[:8]))
    monkeypatch.setattr(torch_engine, "MAX_UNITS", 5)
    run_journal(explain(bank, units, engine="torch:cpu"), path, resume=True)
    assert path.read_bytes() == written[0]


def test_what_was_finished_before_an_interrupt_is_kept(tmp_path, monkeypatch):
    bank, units = many_units(20, never=(2, -1))
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    run_journal(explain(bank, units, engine="torch:cpu"), whole)
    monkeypatch.setattr(torch_engine, "MAX_UNITS", 6)
    search, n_calls = running.search_on_device, []

    def interrupted(*args, **options):
        n_calls.append(args)
        if len(n_calls) == 3:
            raise KeyboardInterrupt
        return search(*args, **options)

    monkeypatch.setattr(running, "search_on_device", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run_journal(explain(bank, units, engine="torch:cpu"), cut)
    assert cut.read_bytes() == b"".join(whole.read_bytes().splitlines(keepends=True)[: 1 + 12])
    run_journal(explain(bank, units, engine="torch:cpu"), cut, resume=True)
    assert cut.read_bytes() == whole.read_bytes()


def test_what_torch_does_not_know_is_searched_by_numpy(monkeypatch):
    bank, units = many_units(never=(2, -1))
    goal = CountObjective("iou", lambda tp, fp, n_on, n: tp / (fp + n_on + 1.0), "mine")
    plan = explain(bank, units, engine="torch:cpu", objective=goal)
    assert plan.engine == "numpy"
    assert "the objective iou is not compiled: the engine numpy searches" in plan.note
    by_numpy = explain(bank, units, engine="numpy", objective=goal)
    assert [one.by_length for one in plan] == [one.by_length for one in by_numpy]
    assert explain(bank, units, engine="torch:cpu", dedupe="form").engine == "numpy"
    monkeypatch.setattr(running, "MAX_COMPILED_STEPS", 5)
    plan = explain(bank, units, engine="torch:cpu", steps=STEPS[3])
    assert plan.engine == "torch:cpu"
    assert plain(plan) == plain(explain(bank, units, engine="numpy", steps=STEPS[3]))
    space = FormulaSpace(NumpyEngine(bank, bank.size), goal, [Step.of("OR")], np.arange(12))
    with pytest.raises(OptionError, match="not compiled"):
        running.search_on_device(Beam(3, 2), [space], CPU)


def test_a_device_that_is_missing_is_named_with_those_that_are_here(monkeypatch, capsys):
    bank, units = many_units(never=(2, -1))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch_engine, "_other_accelerator", lambda: "cpu")
    assert explain(bank, units, engine="torch").engine == "torch:cpu"
    for asked, wrong in (
        ("torch:cuda:7", r"the device cuda:7 is not available[\s\S]*here is: torch:cpu$"),
        ("torch:tpu", r"no device 'tpu'[\s\S]*here is: torch:cpu$"),
        ("torch:meta", r"the device meta is not available[\s\S]*here is: torch:cpu$"),
        ("torch:mps", r"mps has no float64[\s\S]*torch:cpu"),
        ("numba:cuda", r"no engine 'numba:cuda'"),
        ("torhc", r"did you mean: torch"),
    ):
        with pytest.raises(OptionError, match=wrong):
            explain(bank, units, engine=asked)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(OptionError, match="here is: torch:cpu, torch:cuda:0, torch:cuda:1"):
        explain(bank, units, engine="torch:tpu")
    assert run(["explain", "unit=0", "engine=torch:tpu"]) == 2
    assert "no device 'tpu'" in capsys.readouterr().err


def test_a_device_that_rounds_otherwise_is_refused(monkeypatch):
    bank, units = many_units(never=(2, -1))
    monkeypatch.setattr(torch_engine, "square_root", lambda x: torch.sqrt(x) * (1 + 2**-52))
    with pytest.raises(OptionError, match="not rounded as IEEE 754 says"):
        explain(bank, units, engine="torch:cpu")


def test_the_command_line_takes_a_device(tmp_path, capsys):
    bank, units = many_units(never=(2, -1))
    bank.save(tmp_path / "a.bank")
    units.save(tmp_path / "a.units")
    where = [f"bank={tmp_path / 'a.bank'}", f"units={tmp_path / 'a.units'}", "unit=0", "--json"]
    told = []
    for engine in ("torch:cpu", "numpy"):
        assert run(["explain", *where, f"engine={engine}"]) == 0
        told.append(json.loads(capsys.readouterr().out))
        assert told[-1]["settings"].pop("engine") == engine
    assert told[0] == told[1]


def test_results_come_batch_by_batch(monkeypatch):
    bank, units = many_units(20, never=(2, -1))
    monkeypatch.setattr(torch_engine, "MAX_UNITS", 4)
    seen = []
    on = Units.firing
    monkeypatch.setattr(Units, "firing", lambda *args: seen.append(args) or on(*args))
    list(islice(explain(bank, units, engine="torch:cpu"), 2))
    assert len(seen) == 4


def test_auto_does_not_import_torch():
    check_that_little_work_does_not_import("torch")
