"""The guided beam, and what heuristics refuse."""

from __future__ import annotations

import json

import numpy as np
import pytest
from guided_worlds import FOR_IMAGES, world
from searched_worlds import Number, Numbers

from logicx import ConceptBank, Units, explain, run_journal
from logicx.cli import run
from logicx.errors import DataError, JournalError, OptionError, PluginError
from logicx.scoring.objectives import OBJECTIVES, CountObjective, Ratio, Sum
from logicx.search.beam import Beam
from logicx.search.guided import Guided
from logicx.search.heuristics import HEURISTICS, NONE, heuristic_named
from logicx.search.heuristics.bounds import is_monotone

WITHOUT_IMAGES = [name for name in HEURISTICS if name not in FOR_IMAGES]


GROUPED = ("areas", "areas-fixed", "cfh", "mmesh", "mmesh-exact", "diou-group")


@pytest.mark.parametrize("name", [one for one in HEURISTICS if one != "none"])
def test_every_heuristic_leaves_something_out(name):
    visited = estimated = 0
    for seed in range(5):
        one = world(seed + 100, n_concepts=12)
        (found,) = explain(one.bank, one.units, beam=3, heuristic=name)
        (all_,) = explain(one.bank, one.units, beam=3)
        assert found.n_scored <= all_.n_scored
        assert all_.n_estimated == 0
        visited += found.n_scored
        estimated += found.n_estimated + one.bank.n_concepts
        assert found.settings["heuristic"] == name
        assert json.loads(json.dumps(found.as_dict()))["n_estimated"] == found.n_estimated
    assert visited < estimated


def test_the_more_a_heuristic_knows_the_less_it_visits():
    n = dict.fromkeys(HEURISTICS, 0)
    for seed in range(30):
        one = world(seed, n_concepts=12)
        for name in n:
            (found,) = explain(one.bank, one.units, beam=3, heuristic=name)
            n[name] += found.n_scored
    assert n["mmesh-exact"] < n["cfh"] <= n["areas-fixed"] < n["none"]
    assert n["diou-group"] < n["diou-sum"]
    assert n["bounds"] < n["none"]


class GuidedNumbers(Numbers):
    """Expressions over 2, 3 and 7 of which only the promising ones are computed."""

    def __init__(self, target, error):
        super().__init__(target)
        self.error = error

    def estimate(self, nodes):
        return self.Estimated(*self.expand(nodes), self.target, self.error)

    class Estimated:
        def __init__(self, children, target, error):
            self.children, self.target = children, target
            self.estimates = children.scores + error

        def visit(self, which):
            return Numbers.Some([self.children.node(int(i)) for i in which], self.target)


@pytest.mark.parametrize("dedupe", ["meaning", "form", "none"])
def test_the_guided_beam_searches_arithmetic(dedupe):
    for target in range(20, 140, 7):
        beam = Beam(4, 5, dedupe)
        wanted = beam.search(Numbers(target))
        for error in (0.0, 0.5, 30.0, np.inf):
            found = Guided(beam).search(GuidedNumbers(target, error))
            assert found.levels == wanted.levels
            assert found.n_estimated == wanted.n_scored - 3
            assert found.n_scored < wanted.n_scored or error == np.inf
        low = Guided(beam).search(GuidedNumbers(target, -15.0))
        assert low.n_scored < found.n_scored
    assert isinstance(wanted.levels[0][0].node, Number)


def test_estimates_that_are_too_low_lose_something():
    n_worse = 0
    for target in range(20, 140, 7):
        wanted = Beam(2, 5).search(Numbers(target)).levels[-1][0].score
        found = Guided(Beam(2, 5)).search(GuidedNumbers(target, -15.0)).levels[-1][0].score
        n_worse += found < wanted
    assert n_worse > 0


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("pixels", {"heuristic": "bound"}, "no heuristic 'bound'"),
        ("pixels", {"heuristic": 3}, "a heuristic is a name .* 3 has no name"),
        ("pixels", {"heuristic": "cfh", "objective": "dice"}, "cfh estimates IoU, not dice"),
        ("pixels", {"heuristic": "mmesh", "objective": "mcc"}, "mmesh estimates IoU, not mcc"),
        ("pixels", {"heuristic": "diou-sum", "objective": "recall"}, "estimates IoU, not recall"),
        ("pixels", {"heuristic": "areas", "steps": "OR, XOR"}, "no estimate for the step XOR"),
        ("pixels", {"heuristic": "mmesh", "steps": "OR NOT"}, "no estimate for the step OR NOT"),
        ("pairs", {"heuristic": "mmesh"}, r"needs rectangles.* pairs"),
        ("tokens", {"heuristic": "mmesh-exact"}, "needs rectangles"),
        ("rows", {"heuristic": "mmesh"}, "needs rectangles"),
        ("rows", {"heuristic": "bounds", "strategy": "exhaustive"}, "means nothing to the strat"),
    ],
)
def test_what_cannot_be_estimated_is_refused_before_the_search(kind, options, message):
    one = world(1, kind)
    with pytest.raises(OptionError, match=message):
        explain(one.bank, one.units, **options)


@pytest.mark.parametrize("name", WITHOUT_IMAGES)
@pytest.mark.parametrize("kind", ["pairs", "tokens", "rows"])
def test_heuristics_without_rectangles_take_any_universe(name, kind):
    one = world(3, kind)
    (found,) = explain(one.bank, one.units, heuristic=name)
    assert found.score > 0


def test_units_that_are_counts_by_signature_have_no_groups():
    for kind in ("pixels", "rows"):
        one = world(2, kind)
        counted = Units.counted(one.bank, ["u"], [one.units.on(one.bank, "u")])
        with pytest.raises(DataError, match="counts by signature"):
            counted.mask("u")
        for name in HEURISTICS:
            if kind == "rows" and name in FOR_IMAGES:
                continue
            if kind == "pixels" and name in GROUPED:
                with pytest.raises(OptionError, match="at which cells units fire"):
                    explain(one.bank, counted, heuristic=name)
            else:
                (found,) = explain(one.bank, counted, heuristic=name)
                (wanted,) = explain(one.bank, one.units, heuristic=name)
                assert (found.formula, found.n_scored) == (wanted.formula, wanted.n_scored)
    assert one.units.mask("u").tolist() == one.unit.tolist()


def test_objectives_of_ones_own_need_a_ratio():
    one = world(4)
    formula = OBJECTIVES["iou"].formula
    unknown = CountObjective("mine", lambda tp, fp, n_on, n: tp - 2 * fp, "")
    known = CountObjective(
        "mine",
        lambda tp, fp, n_on, n: tp - 2 * fp,
        "",
        lambda n_on, n: Ratio(Sum.of(1, -2, 0), Sum.of(0, 0, 1)),
    )
    with pytest.raises(OptionError, match="does not know how mine grows"):
        explain(one.bank, one.units, heuristic="bounds", objective=unknown)
    (found,) = explain(one.bank, one.units, heuristic="bounds", objective=known)
    (wanted,) = explain(one.bank, one.units, objective=known)
    assert (found.formula, found.score) == (wanted.formula, wanted.score)
    assert is_monotone(CountObjective("iou too", formula, ""))
    with pytest.raises(OptionError, match="estimates IoU"):
        explain(one.bank, one.units, heuristic="cfh", objective=known)


class Zero:
    """A heuristic of one's own that expects nothing of anything."""

    name, doc, is_admissible, needs_mask = "zero", "expects nothing", False, False

    def check(self, universe, goal, steps):
        pass

    def against(self, space, mask):
        assert mask is None
        self.shape = (space.engine.bank.n_concepts, len(space.steps))
        return self

    def estimate(self, node):
        return np.zeros(self.shape)


def test_a_heuristic_of_ones_own():
    one = world(7, n_concepts=12)
    (found,) = explain(one.bank, one.units, beam=2, heuristic=Zero())
    assert found.settings["heuristic"] == "zero"
    assert found.n_scored == one.bank.n_concepts
    assert found.formula == found.best_single.formula
    assert heuristic_named("none") is NONE


def test_what_is_expected_never_to_be_is_not_visited(monkeypatch):
    """Even where the beam has room."""
    one = world(7, n_concepts=12)
    n = one.bank.n_concepts
    barred = np.zeros((n, 3))
    barred[1:] = -np.inf
    monkeypatch.setattr(Zero, "estimate", lambda self, node: barred)
    (found,) = explain(one.bank, one.units, beam=1000, length=2, heuristic=Zero(), dedupe="none")
    assert found.n_scored == n + 3 * n
    assert found.n_estimated == 3 * n


@pytest.mark.parametrize("table", [np.zeros(3), np.full((1, 3), np.nan)])
def test_estimates_of_ones_own_are_checked(table, monkeypatch):
    bank = ConceptBank.from_masks([[True, False]], ["a"])
    units = Units.from_masks([[True, False]])
    monkeypatch.setattr(Zero, "estimate", lambda self, node: table)
    with pytest.raises(
        PluginError, match=r"heuristic .zero. of test_heur.* gave .* shape \(1, 3\)"
    ):
        list(explain(bank, units, heuristic=Zero()))


def test_numpy_searches_and_a_note_says_so():
    pytest.importorskip("numba")
    one = world(1)
    plan = explain(one.bank, one.units, heuristic="bounds", engine="numba")
    assert plan.engine == "numpy"
    assert plan.note == "the heuristic bounds is not compiled: the engine numpy searches"
    assert explain(one.bank, one.units, heuristic="none", engine="numba").engine == "numba"


def test_a_journal_of_another_heuristic_is_refused(tmp_path):
    one = world(1)
    run_journal(explain(one.bank, one.units, heuristic="cfh"), tmp_path / "run.jsonl")
    with pytest.raises(JournalError, match="heuristic"):
        run_journal(explain(one.bank, one.units), tmp_path / "run.jsonl", resume=True)


def test_on_the_command_line_and_in_the_settings_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    one = world(1)
    one.bank.save(tmp_path / "b.bank")
    one.units.save(tmp_path / "u.units")
    common = ["explain", "bank=b.bank", "units=u.units", "unit=u", "--json"]

    def said(*more):
        assert run([*common, *more]) == 0
        return json.loads(capsys.readouterr().out)

    plain, guided = said(), said("heuristic=mmesh")
    assert (plain["n_estimated"], plain["settings"]["heuristic"]) == (0, "none")
    assert guided["n_estimated"] > 0
    (tmp_path / "logicx.toml").write_text('heuristic = "mmesh"\n')
    assert said() == guided
    assert run([*common, "heuristic=mesh"]) == 2
    printed = capsys.readouterr()
    assert "did you mean: mmesh?" in printed.out + printed.err
