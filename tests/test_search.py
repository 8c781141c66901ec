"""The search layer: beam against exhaustive search, generic spaces, presets, every option."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logicx import ConceptBank, Units, canonical, explain, format_formula, parse, score
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import DataError, OptionError, UniverseError, UnknownUnit
from logicx.objectives import OBJECTIVES, objective
from logicx.scoring import best_single
from logicx.search import formulas
from logicx.search.beam import Beam
from logicx.search.formulas import FormulaSpace, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

DEFAULT = ("OR", "AND", "AND NOT")


def world(seed: int, n_concepts: int = 6, n_cells: int = 90, repeats: int = 1):
    """A random bank with some invalid cells, and a unit; `repeats` makes signatures weigh more."""
    dice = np.random.default_rng(seed)
    masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.05, 0.6, (n_concepts, 1))
    masks = np.repeat(masks, repeats, axis=1)
    valid = dice.random(masks.shape[1]) < 0.9
    unit = (masks[0] | masks[1]) & ~masks[2] ^ (dice.random(masks.shape[1]) < 0.15)
    unit[np.flatnonzero(valid)[0]] = True
    names = [f"c{i}" for i in range(n_concepts)]
    bank = ConceptBank.from_masks(masks, names, valid=valid)
    return bank, Units.from_masks(unit[None], ["u"]), masks[:, valid], unit[valid]


def plain_beam(
    masks, unit, goal, width, length, steps, dedupe, absent=True, min_support=0, min_atom_support=0
):
    """The same search, cell by cell and formula by formula: [(score, text, mask)] at each length.

    Order and ties as documented: earlier beams first, then formula, concept, step.
    """
    n_on, n = int(unit.sum()), len(unit)

    def value(mask):
        tp = int((mask & unit).sum())
        return float(goal.score(tp, int(mask.sum()) - tp, n_on, n))

    def best(entries):
        kept, seen = [], set()
        entries = [one for one in entries if one[2].sum() >= min_support]
        for entry in sorted(entries, key=lambda one: -one[0]):
            meaning = entry[2].tobytes()
            if dedupe and meaning in seen:
                continue
            seen.add(meaning)
            kept.append(entry)
        return kept[:width]

    combine = {
        "OR": lambda f, c: f | c,
        "AND": lambda f, c: f & c,
        "AND NOT": lambda f, c: f & ~c,
        "XOR": lambda f, c: f ^ c,
        "OR NOT": lambda f, c: f | ~c,
        "XOR NOT": lambda f, c: ~(f ^ c),
    }
    taking_part = [i for i, mask in enumerate(masks) if mask.sum() >= min_atom_support]
    atoms = [(value(masks[i]), f"c{i}", masks[i]) for i in taking_part]
    beam = best(atoms)
    levels = [beam]
    operands = [i for i in taking_part if absent or (masks[i] & unit).any()]
    for _ in range(1, length):
        grown = [
            (value(mask), f"({text}) {step} c{i}", mask)
            for _, text, f in beam
            for i in operands
            for step in steps
            for mask in [combine[step](f, masks[i])]
        ]
        beam = best([*beam, *grown])
        levels.append(beam)
    return levels


def searched(bank, units, goal, width, length, steps, dedupe="meaning", absent=True):
    engine = NumpyEngine(bank, units.on(bank, "u"))
    operands = np.arange(bank.n_concepts) if absent else np.flatnonzero(engine.on_count)
    space = FormulaSpace(engine, goal, [Step.of(one) for one in steps], operands)
    return Beam(width, length, dedupe).search(space).levels


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, 10**6),
    st.integers(1, 5),
    st.integers(1, 12),
    st.sampled_from([*OBJECTIVES, "fbeta(0.5)", "fbeta(2)"]),
    st.sampled_from([DEFAULT, ("OR", "XOR"), ("AND NOT", "OR NOT", "XOR NOT")]),
    st.sampled_from(["meaning", "none"]),
    st.booleans(),
    st.sampled_from([1, 7]),
)
def test_the_beam_equals_the_slow_way(seed, length, width, spec, steps, dedupe, absent, repeats):
    bank, units, masks, unit = world(seed, repeats=repeats)
    goal = objective(spec)
    slow = plain_beam(masks, unit, goal, width, length, steps, dedupe == "meaning", absent)
    fast = searched(bank, units, goal, width, length, steps, dedupe, absent)
    assert len(fast) == len(slow)
    for mine, theirs in zip(fast, slow, strict=True):
        assert [one.score for one in mine] == [one[0] for one in theirs]
        assert [one.node.formula for one in mine] == [parse(one[1]) for one in theirs]


@pytest.mark.parametrize("packing", [1 << 26, 1, "n + 1", "2n + 1"])
def test_both_ways_to_sum_rows_agree(packing, monkeypatch):
    """With counts too large to share a float64, two passes are made; the result is the same."""
    for seed in range(10):
        bank, units, masks, unit = world(seed)
        n = bank.n_valid
        limit = {"n + 1": n + 1, "2n + 1": 2 * n + 1}.get(packing, packing)
        monkeypatch.setattr("logicx.engines.numpy_engine.PACKING", limit)
        slow = plain_beam(masks, unit, objective("iou"), 5, 4, DEFAULT, True)
        fast = searched(bank, units, objective("iou"), 5, 4, DEFAULT)
        texts = [[format_formula(one.node.formula) for one in level] for level in fast]
        assert texts == [[format_formula(parse(one[1])) for one in level] for level in slow]


def test_a_beam_without_bound_is_exhaustive():
    """With room for everything, the best chain of each length is found."""
    for seed in range(5):
        bank, units, masks, unit = world(seed, n_concepts=4, n_cells=40)
        best = {1: 0.0, 2: 0.0, 3: 0.0}
        layer = {mask.tobytes(): mask for mask in masks}
        for length in best:
            if length > 1:
                layer |= {
                    new.tobytes(): new
                    for f in list(layer.values())
                    for c in masks
                    for new in (f | c, f & c, f & ~c)
                }
            best[length] = max((f & unit).sum() / (f | unit).sum() for f in layer.values())
        for length, wanted in best.items():
            (found,) = explain(bank, units, length=length, beam=10_000)
            assert found.score == wanted


@dataclass(frozen=True)
class Number:
    """A value of an arithmetic expression, for a space that has nothing to do with bits."""

    text: str
    value: int
    length: int

    @property
    def fingerprint(self) -> int:
        return self.value % 7

    @property
    def meaning(self) -> int:
        return self.value

    @property
    def form(self) -> str:
        return self.text


class Numbers:
    """Expressions over 2, 3 and 7 with + and *; the closer to the target, the better."""

    class Some:
        def __init__(self, nodes: Sequence[Number], target: int) -> None:
            self.nodes = nodes
            self.scores = np.array([-abs(node.value - target) for node in nodes], float)
            self.n_scored = len(nodes)
            self.repeats = None

        def node(self, i: int) -> Number:
            return self.nodes[i]

    def __init__(self, target: int) -> None:
        self.target = target

    def atoms(self) -> Numbers.Some:
        return self.Some([Number(str(n), n, 1) for n in (2, 3, 7)], self.target)

    def expand(self, nodes: Sequence[Number]) -> Numbers.Some:
        grown = [
            Number(f"({node.text}{sign}{n})", value, node.length + 1)
            for node in nodes
            for n in (2, 3, 7)
            for sign, value in (("+", node.value + n), ("*", node.value * n))
        ]
        return self.Some(grown, self.target)


def test_the_same_beam_searches_arithmetic():
    result = Beam(width=8, length=4).search(Numbers(100))
    best = result.levels[-1][0]
    assert (best.node.value, best.node.text, best.node.length) == (100, "(((7*7)*2)+2)", 4)
    assert result.levels[0][0].node.value == 7
    values = [one.node.value for one in result.levels[-1]]
    assert len(values) == len(set(values)) == 8
    repeated = Beam(width=8, length=4, dedupe="none").search(Numbers(100))
    values = [one.node.value for one in repeated.levels[-1]]
    assert len(set(values)) < len(values)


def test_the_beam_stops_when_nothing_changes():
    result = Beam(width=2, length=50).search(Numbers(7))
    assert len(result.levels) == 50
    assert result.levels[-1][0].node.text == "7"
    assert result.n_scored < 3 + 6 * 2 * 10


@pytest.mark.parametrize("length", [1, 3, 5])
def test_the_papers_code_to_the_last_digit(reference_bank, reference_units, shared, length):
    """All 24 runs of the paper's published search: same formula, same float64."""
    bank, units = reference_bank, reference_units
    rows = json.loads((shared / "reference/compexp_nli/results.json").read_text())["results"]
    wanted = {
        row["unit"]: (row["formula"], row["iou_repr"]) for row in rows if row["length"] == length
    }
    assert len(wanted) == 8
    found = {
        one.unit: one for one in explain(bank, units, length=length, beam=10, preset="compexp")
    }
    for unit, (formula, iou) in wanted.items():
        mine = found[unit]
        assert mine.formula == parse(formula)
        assert _with_parentheses(mine.formula) == formula
        assert repr(mine.score) == iou
        again = score(formula, bank, units, unit)
        assert (again.score, again.counts) == (mine.score, mine.counts)


def _with_parentheses(formula):
    """As the paper's code prints: everything but names in parentheses."""
    from logicx.formula import fold

    def apply(node, args):
        inside = f" {node.operator} ".join(args) if len(args) > 1 else f"{node.operator} {args[0]}"
        return f"({inside})"

    return fold(formula, lambda concept: concept.name, apply)


def test_on_real_data_the_beam_equals_the_slow_way(reference_bank, reference_units):
    bank, units = reference_bank, reference_units
    masks = np.array([bank.cells(bank_row) for bank_row in _rows(bank)])[:300]
    small = ConceptBank.from_masks(masks, [f"c{i}" for i in range(300)])
    for name in ("incorrect", "rp00", "rp03"):
        cells = np.zeros(small.universe.n_cells, bool)
        on = units.on(bank, name) > 0
        cells[bank.cells(on)] = True
        unit = Units.from_masks(cells[None], ["u"])
        slow = plain_beam(masks, cells, objective("iou"), 5, 3, DEFAULT, True)
        fast = searched(small, unit, objective("iou"), 5, 3, DEFAULT)
        assert [one.score for one in fast[-1]] == [one[0] for one in slow[-1]]
        assert [one.node.formula for one in fast[-1]] == [parse(one[1]) for one in slow[-1]]


def _rows(bank):
    from logicx.bits import unpack

    return unpack(bank.packed, bank.n_signatures)


# ---- every option changes something


def run(**options):
    bank, units, _, _ = world(options.pop("seed", 3), n_concepts=8)
    (found,) = explain(bank, units, **options)
    return found


def test_length_and_by_length():
    found = run(seed=0, length=4)
    assert [one.formula.n_atoms for one in found.by_length] == [1, 2, 3, 4]
    scores = [one.score for one in found.by_length]
    assert scores == sorted(scores)
    assert scores[0] == found.best_single.score < scores[-1] == found.score
    assert run(seed=0, length=1).formula == found.best_single.formula


def test_beam_changes_what_is_found():
    narrow = [run(seed=seed, beam=1, length=4).score for seed in range(30)]
    wide = [run(seed=seed, beam=30, length=4).score for seed in range(30)]
    assert all(a <= b for a, b in zip(narrow, wide, strict=True))
    assert narrow != wide


def test_preset_changes_the_operands():
    """A concept that never meets the unit helps under AND NOT, unless the preset forbids it."""
    masks = np.array([[1, 1, 1, 1, 0], [0, 0, 1, 1, 0]], bool)
    bank = ConceptBank.from_masks(masks, ["water", "blue"])
    units = Units.from_masks(np.array([[1, 1, 0, 0, 0]], bool))
    (ours,) = explain(bank, units, length=2)
    (theirs,) = explain(bank, units, length=2, preset="compexp")
    assert format_formula(ours.formula) == "water AND NOT blue"
    assert (ours.score, theirs.score, str(theirs.formula)) == (1.0, 0.5, "water")


def test_objective_and_steps_change_the_formula():
    assert run(objective="recall").formula != run(objective="precision").formula
    assert "XOR" in str(run(steps=["XOR"]).formula)
    only_or = run(steps=["OR"], length=3)
    assert "AND" not in str(only_or.formula)


def test_penalty_shortens_and_counts_not_as_the_paper_does():
    free, dear = run(length=5), run(length=5, penalty=0.8)
    assert dear.length < free.length
    found = run(length=5, penalty=0.97)
    n_not = str(found.formula).count("NOT")
    assert found.score == pytest.approx(found.iou * 0.97 ** (found.length - 1), rel=1e-12)
    paper = run(length=5, penalty=0.97, preset="compexp", steps=["AND NOT"])
    n_not = str(paper.formula).count("NOT")
    assert n_not > 0
    expected = paper.iou * 0.97 ** (paper.length + n_not - 1)
    assert paper.score == pytest.approx(expected, rel=1e-12)


def test_min_active_skips_and_says_so():
    masks = np.array([[1, 1, 0, 0], [0, 1, 1, 0]], bool)
    bank = ConceptBank.from_masks(masks, ["a", "b"])
    units = Units.from_masks(np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 0, 0]], bool))
    plan = explain(bank, units, min_active=2)
    assert [one.unit for one in plan] == ["2"]
    assert [one.unit for one in plan.skipped] == ["0", "1"]
    assert "never fires" in plan.skipped[0].reason
    assert "fewer than min_active=2" in plan.skipped[1].reason
    with pytest.raises(DataError, match="never fires"):
        list(explain(bank, units, unit="0"))
    plan = explain(bank, units, unit=["0", "2"])
    assert ([one.unit for one in plan], [one.unit for one in plan.skipped]) == (["2"], ["0"])
    with pytest.raises(DataError, match="never fires"):
        score("a", bank, units, unit=0)


def test_units_are_chosen_by_name_or_number():
    bank, _, _, unit = world(1)
    full = np.zeros((2, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, ~unit]
    units = Units.from_masks(full, ["on", "off"])
    assert [one.unit for one in explain(bank, units, unit=["off", 0])] == ["off", "on"]
    assert [one.unit for one in explain(bank, units)] == ["on", "off"]
    with pytest.raises(UnknownUnit):
        explain(bank, units, unit="of")


def test_dedupe_by_form_keeps_mirror_images_apart_from_none():
    bank, units, _, _ = world(5)
    goal = objective("iou")
    levels = {
        kind: searched(bank, units, goal, 10, 3, DEFAULT, kind)[-1]
        for kind in ("meaning", "form", "none")
    }
    forms = [canonical(one.node.formula) for one in levels["none"]]
    assert len(set(forms)) < len(forms)
    forms = [canonical(one.node.formula) for one in levels["form"]]
    assert len(set(forms)) == len(forms)
    meanings = [one.node.meaning for one in levels["form"]]
    assert len(set(meanings)) < len(meanings)
    meanings = [one.node.meaning for one in levels["meaning"]]
    assert len(set(meanings)) == len(meanings)


def test_dedupe_is_an_option_and_follows_the_preset():
    kinds = {run(length=2, dedupe=one).settings["dedupe"] for one in ("meaning", "form", "none")}
    assert kinds == {"meaning", "form", "none"}
    assert run().settings["dedupe"] == "meaning"
    assert run(preset="compexp").settings["dedupe"] == "none"
    found = {one: run(seed=2, length=5, beam=2, dedupe=one).score for one in ("meaning", "none")}
    assert found["meaning"] > found["none"]


def test_whole_numbers_of_numpy_and_steps_as_text_are_fine():
    bank, units, _, _ = world(3, n_concepts=8)
    wanted = run(length=2, beam=4, steps=["OR", "AND NOT"])
    (found,) = explain(
        bank, units, unit=np.int64(0), length=np.int64(2), beam=np.int32(4), steps="or, and  not,or"
    )
    assert (found.formula, found.settings) == (wanted.formula, wanted.settings)
    json.dumps(found.as_dict())


def test_n_scored_and_settings_say_what_was_done():
    bank, units, _, _ = world(2)
    (found,) = explain(bank, units, length=2, beam=3)
    assert found.n_scored == bank.n_concepts + 3 * bank.n_concepts * 3
    assert found.settings["bank"] == bank.content
    assert found.settings["units"] == units.content
    assert json.loads(json.dumps(found.as_dict()))["counts"]["tp"] == found.counts.tp


def test_the_best_single_concept_is_the_search_of_length_one():
    for seed in range(20):
        bank, units, _, _ = world(seed)
        for spec in OBJECTIVES:
            (found,) = explain(bank, units, length=1, objective=spec)
            single = best_single(bank, units.on(bank, "u"), objective(spec))
            assert (single.formula, single.score) == (found.formula, found.score)
            assert single.counts == found.counts


@pytest.mark.parametrize(
    "options",
    [
        {"length": 0},
        {"length": -3},
        {"length": 2.5},
        {"beam": 0},
        {"preset": "nope"},
        {"objective": "nope"},
        {"objective": "fbeta(-1)"},
        {"objective": "fbeta(1e)"},
        {"penalty": 0},
        {"penalty": 1.5},
        {"steps": []},
        {"steps": ["ATLEAST"]},
        {"steps": ["OR OR"]},
        {"steps": " , "},
        {"dedupe": "some"},
        {"objective": None},
        {"min_active": 0},
    ],
)
def test_options_that_mean_nothing_are_refused_before_the_search(options):
    bank, units, _, _ = world(0)
    with pytest.raises(OptionError):
        explain(bank, units, **options)


def test_units_of_other_cells_are_refused():
    bank, _, _, _ = world(0)
    units = Units.from_masks(np.ones((1, 3), bool))
    with pytest.raises(UniverseError, match=r"90 rows.*3 cells"):
        explain(bank, units)


def test_steps_follow_from_truth_tables():
    for text in ("OR", "AND", "AND NOT", "XOR", "OR NOT", "XOR NOT"):
        step = Step.of(text)
        f, c, full = (np.array([x], np.uint64) for x in (0b0011, 0b0101, 0b1111))
        combined = int(step.combine(f, c, full)[0])
        size = step.all * 4 + step.f * 2 + step.c * 2 + step.both * 1
        assert bin(combined).count("1") == size
        assert formulas.DEFAULT_STEPS == DEFAULT


# ---- proven optima through explain

BEAM_ALONE = [
    {"beam": 3},
    {"preset": "compexp"},
    {"penalty": 0.9},
    {"steps": ["OR"]},
    {"dedupe": "none"},
    {"engine": "numpy"},
]


@pytest.mark.parametrize("shape", ["tree", "chain"])
@pytest.mark.parametrize("spec", ["iou", "fbeta(2)"])
def test_optimal_and_exhaustive_agree_and_bound_the_beam(shape, spec):
    pytest.importorskip("numba")
    for seed in range(6):
        options = {"seed": seed, "length": 3, "objective": spec}
        proven = run(strategy="optimal", shape=shape, **options)
        tried = run(strategy="exhaustive", shape=shape, **options)
        beam = run(**options)
        assert proven.is_proven
        assert proven.score == tried.score == proven.bound == tried.bound >= beam.score
        assert (beam.bound, beam.is_proven) == (None, None)
        assert [one.score for one in proven.by_length] == [one.score for one in tried.by_length]
        assert proven.best_single.score == beam.best_single.score
        assert ("chains" in proven.space) == (shape == "chain")


def test_shape_and_time_limit_change_what_is_proven(reference_bank, reference_units):
    pytest.importorskip("numba")
    unit = "incorrect"
    options = {"unit": unit, "length": 3, "strategy": "optimal"}
    (stopped,) = explain(reference_bank, reference_units, time_limit=0.001, **options)
    (proven,) = explain(reference_bank, reference_units, **options)
    assert proven.is_proven
    assert not stopped.is_proven
    assert not stopped.is_interrupted
    assert stopped.score <= proven.score == proven.bound <= stopped.bound
    again = score(proven.formula, reference_bank, reference_units, unit)
    assert (again.score, again.counts) == (proven.score, proven.counts)


@pytest.mark.parametrize("options", BEAM_ALONE)
def test_options_of_the_beam_mean_nothing_to_a_proof(options):
    with pytest.raises(OptionError, match="means nothing to the strategy exhaustive"):
        run(strategy="exhaustive", **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"shape": "tree"}, "shape means nothing to the strategy beam"),
        ({"time_limit": 3.0}, "time_limit means nothing to the strategy beam"),
        ({"strategy": "best"}, "strategy is one of"),
        ({"strategy": "exhaustive", "time_limit": 1.0}, "has no time_limit"),
        ({"strategy": "exhaustive", "shape": "bush"}, "shape is one of"),
        ({"strategy": "exhaustive", "length": 0}, "length must be"),
        ({"strategy": "optimal", "length": 5}, "needs a limit"),
        ({"node_limit": 3}, "node_limit means nothing to the strategy beam"),
        ({"strategy": "exhaustive", "node_limit": 3}, "has no node_limit"),
        ({"strategy": "optimal", "node_limit": 0}, "node_limit must be"),
        ({"strategy": "optimal", "time_limit": 0.0}, "time_limit must be above 0"),
    ],
)
def test_options_of_a_proof_are_checked(options, message):
    if options.get("strategy") == "optimal":
        pytest.importorskip("numba")
    with pytest.raises(OptionError, match=message):
        run(**options)


def test_an_interrupted_proof_ends_the_run_and_is_not_kept(tmp_path, monkeypatch):
    pytest.importorskip("numba")
    from logicx import read_journal, run_journal
    from logicx.search.optimal import proving

    bank, _, masks, unit = world(1)
    full = np.zeros((3, bank.universe.n_cells), bool)
    full[:, bank.of_cell >= 0] = [unit, ~unit, masks[3] ^ unit]
    units = Units.from_masks(full, ["a", "b", "c"])
    plan = explain(bank, units, strategy="optimal")
    whole = [one.as_dict() for one in plan]
    prove, calls = proving.Prover.__init__, []

    def interrupted(self, *arguments, **options):
        calls.append(1)
        if len(calls) == 2:
            monkeypatch.setattr("logicx.search.optimal.bars.Bars.prove", stop)
        prove(self, *arguments, **options)

    def stop(self, n_atoms):
        raise KeyboardInterrupt

    monkeypatch.setattr(proving.Prover, "__init__", interrupted)
    with monkeypatch.context(), pytest.raises(KeyboardInterrupt):
        run_journal(plan, tmp_path / "run.jsonl")
    assert [row["unit"] for row in read_journal(tmp_path / "run.jsonl")] == ["a"]
    monkeypatch.undo()
    done = run_journal(plan, tmp_path / "run.jsonl", resume=True)
    assert [row["score"] for row in done] == [one["score"] for one in whole]
