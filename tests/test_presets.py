"""Presets against slow re-implementations of the published searches, and each rule by itself.

The re-implementations work on masks of cells and know nothing of logicx. A formula is a tuple of
(step, concept); the first step is empty. What the tools leave to chance (ties) is settled here as
logicx does, by order of enumeration, and in one test by lot.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from logicx import ConceptBank, Units, canonical, explain, parse, run_journal
from logicx.engines.numpy_engine import NumpyEngine
from logicx.errors import DataError
from logicx.objectives import IoU, objective
from logicx.search.beam import Beam
from logicx.search.formulas import DEFAULT_STEPS, FormulaSpace, Step
from logicx.search.presets import EVER, PRESETS
from logicx.search.running import search_compiled
from logicx.universe import Universe

STEPS = {
    "": lambda _, c: c,
    "OR": lambda f, c: f | c,
    "AND": lambda f, c: f & c,
    "AND NOT": lambda f, c: f & ~c,
}
ADDING = ("OR", "AND", "AND NOT")
IMAGES, HEIGHT, WIDTH = 12, 3, 4


class World:
    """A random bank over images, and a unit; masks and unit without the invalid cells.

    Signatures weigh as much as their cells are many: with few concepts, all are repeated. Some
    concepts never meet the unit, one may hold nowhere and one is the copy of another.
    """

    def __init__(self, seed: int, n_concepts: int = 7) -> None:
        dice = np.random.default_rng(seed)
        n_cells = IMAGES * HEIGHT * WIDTH
        masks = dice.random((n_concepts, n_cells)) < dice.uniform(0.03, 0.6, (n_concepts, 1))
        unit = (masks[0] | masks[1]) & ~masks[2] ^ (dice.random(n_cells) < dice.choice([0, 0.15]))
        masks[3] &= ~unit
        masks[4] &= np.repeat(dice.random(IMAGES) < 0.5, HEIGHT * WIDTH)
        masks[5] &= bool(dice.random() < 0.7)
        masks[dice.integers(n_concepts)] = masks[dice.integers(n_concepts)]
        valid = dice.random(n_cells) < dice.choice([0.6, 0.9, 1.0])
        unit[np.flatnonzero(valid)[0]] = True
        names = [f"c{i}" for i in range(n_concepts)]
        universe = Universe.pixels(IMAGES, HEIGHT, WIDTH)
        self.bank = ConceptBank.from_masks(masks, names, universe=universe, valid=valid)
        self.units = Units.from_masks(unit[None], ["u"], universe=universe)
        self.masks, self.unit = masks[:, valid], unit[valid]
        self.images = np.repeat(np.arange(IMAGES), HEIGHT * WIDTH)[valid]

    def mask(self, formula):
        mask = None
        for step, concept in formula:
            mask = STEPS[step](mask, self.masks[concept])
        return mask

    def sizes(self, formula):
        """Cells in the intersection with the unit, and in the union."""
        mask = self.mask(formula)
        return int((mask & self.unit).sum()), int((mask | self.unit).sum())

    def levels(self, preset, width, length, penalty=1.0, engine_of=NumpyEngine):
        """What logicx keeps at each length: [(score, formula)]."""
        rules = PRESETS[preset]
        engine = engine_of(self.bank, self.units.on(self.bank, "u"))
        operands = np.arange(self.bank.n_concepts)
        if not rules.adds_absent:
            operands = np.flatnonzero(engine.on_count)
        space = FormulaSpace(
            engine,
            rules.goal(objective("iou")),
            [Step.of(one) for one in DEFAULT_STEPS],
            operands,
            penalty,
            rules.penalizes_not,
            rules.distinct,
            rules.skips_apart,
        )
        beam = rules.beam(width, length)
        is_compiled = engine_of is not NumpyEngine
        result = search_compiled(beam, space, True) if is_compiled else beam.search(space)
        found = result.levels
        return [[(one.score, one.node.formula) for one in level] for level in found]


def text(formula):
    shown = ""
    for step, concept in formula:
        shown = f"({shown}) {step} c{concept}" if step else f"c{concept}"
    return shown


def length_with_nots(formula):
    return len(formula) + sum("NOT" in step for step, _ in formula)


def most_common(formulas, n):
    """The best of a dictionary, earlier ones first at equal scores: as `Counter` does it."""
    return dict(Counter(formulas).most_common(n))


def shown(formulas):
    return [(iou, parse(text(one))) for one, iou in formulas.items()]


def compexp(world, width, length, penalty=1.0):
    """The NLI search of Mu and Andreas."""

    def iou(formula):
        both, union = world.sizes(formula)
        return penalty ** (length_with_nots(formula) - 1) * (both / (union + 1.2e-38))

    leaves = {(("", c),): iou((("", c),)) for c in range(len(world.masks))}
    right = [leaf[0][1] for leaf, value in leaves.items() if value > 0]
    formulas = most_common(leaves, width)
    levels = [shown(formulas)]
    # No two formulas of theirs are equal: a list keeps what a dictionary of ours would merge.
    beam = list(formulas.items())
    for _ in range(length - 1):
        grown = [((*f, (s, c)), iou((*f, (s, c)))) for f, _ in beam for c in right for s in ADDING]
        beam = sorted([*beam, *grown], key=lambda one: -one[1])[:width]
        levels.append([(value, parse(text(one))) for one, value in beam])
    return levels


def compexp_vision(world, width, length, penalty=1.0):
    """The vision search of Mu and Andreas; None where no leaf scores."""

    def iou(formula):
        both, union = world.sizes(formula)
        return both / (union + 1e-10)

    fires_in = set(world.images[world.unit].tolist())
    positive = [
        c for c, mask in enumerate(world.masks) if fires_in & set(world.images[mask].tolist())
    ]
    leaves = {(("", c),): iou((("", c),)) for c in positive}
    nonzero = {leaf: value for leaf, value in leaves.items() if value > 0}
    if not nonzero:
        return None
    beam = list(most_common(nonzero, width).items())
    levels = [[(value, parse(text(one))) for one, value in beam]]
    for _ in range(length - 1):
        grown = []
        for f, _ in beam:
            for c in range(len(world.masks)):
                for s in ADDING:
                    new = (*f, (s, c))
                    grown.append((new, penalty ** (length_with_nots(new) - 1) * iou(new)))
        beam = sorted([*beam, *grown], key=lambda one: -one[1])[:width]
        levels.append([(value, parse(text(one))) for one, value in beam])
    return levels


def in_any_order(formula):
    """A key that is equal for formulas whose chains of one operator differ in order only."""
    operator, operands = "", [(("", formula[0][1]),)]
    for step, concept in formula[1:]:
        keyword, _, negation = step.partition(" ")
        if operator not in ("", keyword):
            operands = [(operator, tuple(sorted(operands, key=repr)))]
        operator = keyword
        operands.append(((negation, concept),))
    return operator, tuple(sorted(operands, key=repr))


def queue_search(world, width, length, iou, candidates, dice=None):
    """What CCE and its successor share: twice the beam to start, a bounded queue, the last of one.

    Returns:
        The best at each length, each from a search of its own; the beam before the last step of the
        longest; and whether chance decided anything.
    """
    leaves = {(("", c),): iou((("", c),)) for c in range(len(world.masks))}
    first = {leaf: v for leaf, v in most_common(leaves, 2 * width).items() if v > 0}
    if not first:
        return None
    beam, best, is_tied = first, [shown(most_common(first, 1))[0]], False
    for n in range(1, length):
        space = {}
        for formula in candidates(beam, n):
            space.setdefault(in_any_order(formula), formula)
        pool = list(space.values())
        if dice is not None:
            dice.shuffle(pool)
        for limit, is_last in ((1, True), (width, False)):
            queue = list(most_common(beam, limit).items())
            taken = {in_any_order(one) for one in beam}
            scores = [value for _, value in queue]
            for formula in pool:  # those of the beam that are made again are queued as well
                value = iou(formula)
                scores.append(value)
                if len(queue) < limit:
                    queue.append((formula, value))
                elif value > min(v for _, v in queue):
                    worst = min(v for _, v in queue)
                    place = max(i for i, (_, v) in enumerate(queue) if v == worst)
                    del queue[place]
                    queue.append((formula, value))
            new = {f: value for f, value in queue if in_any_order(f) not in taken}
            merged = most_common({**beam, **new}, limit)
            if is_last:
                best.append(shown(merged)[0])
        scores.sort(reverse=True)
        is_tied |= len(scores) > width and scores[width - 1] == scores[width]
        beam = merged
    return best, shown(beam), is_tied


def cce(world, width, length, dice=None):
    """Clustered Compositional Explanations, without its heuristics."""

    def iou(formula):
        both, union = world.sizes(formula)
        return float(np.float32(both) / np.float32(max(union, 1e-6)))

    def candidates(beam, _):
        for f in beam:
            for c in range(len(world.masks)):
                for s in ADDING:
                    is_inside = any(c == one for _, one in f)
                    if s != "AND NOT" and is_inside and len(f) + 1 <= 3:
                        continue
                    yield (*f, (s, c))

    return queue_search(world, width, length, iou, candidates, dice)


def never_meet(world, formula, concept):
    """Whether formula and concept share no cell, judged by the table of pairs alone."""
    (step, last), rest = formula[-1], formula[:-1]
    pair = not (world.masks[last] & world.masks[concept]).any()
    if step == "OR":
        return never_meet(world, rest, concept) and pair
    if step == "AND":
        return never_meet(world, rest, concept) or pair
    return never_meet(world, rest, concept) if step else pair


def optimal_beam(world, width, length, dice=None):
    """The beam of the package compositional-explanations, without its estimates.

    It is given a table of the concepts that never meet, as its page says.
    """

    def iou(formula):
        both, union = world.sizes(formula)
        return both / union if union > 0 else 0.0

    def candidates(beam, n):
        for f in beam:
            if len(f) == n:
                for c in range(len(world.masks)):
                    if any(c == one for _, one in f):
                        continue
                    yield (*f, ("OR", c))
                    if not never_meet(world, f, c):
                        yield from ((*f, (s, c)) for s in ("AND", "AND NOT"))

    return queue_search(world, width, length, iou, candidates, dice)


@pytest.mark.parametrize("preset", ["compexp", "compexp-vision"])
@pytest.mark.parametrize("penalty", [1.0, 0.95])
def test_the_papers_two_searches(preset, penalty):
    """Whole beams: same formulas in the same order, same float64."""
    search = {"compexp": compexp, "compexp-vision": compexp_vision}[preset]
    n_searched = 0
    for seed in range(120):
        world, width, length = World(seed), 1 + seed % 7, 1 + seed % 5
        theirs = search(world, width, length, penalty)
        if theirs is not None:
            n_searched += 1
            assert world.levels(preset, width, length, penalty) == theirs
    assert n_searched > 100


@pytest.mark.parametrize(("preset", "search"), [("cce", cce), ("optimal", optimal_beam)])
def test_the_two_searches_with_a_queue(preset, search):
    n_searched = 0
    for seed in range(120):
        world, width, length = World(seed), 1 + seed % 6, 1 + seed % 5
        theirs = search(world, width, length)
        if theirs is None:
            continue
        n_searched += 1
        best, beam, _ = theirs
        mine = world.levels(preset, width, length)
        assert [level[0] for level in mine] == best
        if length > 1:
            assert mine[-1] == beam
    assert n_searched > 100


@pytest.mark.parametrize(("preset", "search"), [("cce", cce), ("optimal", optimal_beam)])
def test_where_nothing_is_left_to_chance_the_order_of_a_set_does_not_matter(preset, search):
    """Candidates in random order, as a set may give them."""
    dice, n_certain = np.random.default_rng(0), 0
    for seed in range(150):
        world, width, length = World(seed, 6), 1 + seed % 3, 2 + seed % 3
        theirs = search(world, width, length, dice)
        if theirs is None or theirs[2]:
            continue
        n_certain += 1
        best, beam, _ = theirs
        mine = world.levels(preset, width, length)
        assert [level[0][0] for level in mine] == [score for score, _ in best]
        assert {(score, canonical(one)) for score, one in mine[-1]} == {
            (score, canonical(one)) for score, one in beam
        }
    assert n_certain > 20


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("penalty", [1.0, 0.9])
def test_both_engines_find_the_same(preset, penalty):
    pytest.importorskip("numba")
    for seed in range(25):
        world = World(seed)
        options = {"beam": 1 + seed % 6, "length": 4, "preset": preset, "penalty": penalty}
        by_numpy = explain(world.bank, world.units, engine="numpy", **options)
        by_numba = explain(world.bank, world.units, engine="numba", **options)
        is_compiled = preset in ("default", "compexp", "compexp-vision")
        assert by_numba.engine == ("numba" if is_compiled else "numpy")
        assert ("not compiled" in by_numba.note) != is_compiled
        slow, fast = list(by_numpy), list(by_numba)
        assert by_numpy.skipped == by_numba.skipped
        assert [one.by_length for one in slow] == [one.by_length for one in fast]
        assert [one.n_scored for one in slow] == [one.n_scored for one in fast]


@pytest.mark.parametrize("penalty", [1.0, 0.9])
def test_the_compiled_beam_is_the_same_in_every_place(penalty):
    pytest.importorskip("numba")
    from logicx.engines.numba_engine import NumbaEngine

    for seed in range(40):
        world, sizes = World(seed), (1 + seed % 9, 1 + seed % 5, penalty)
        slow = world.levels("compexp-vision", *sizes)
        assert world.levels("compexp-vision", *sizes, engine_of=NumbaEngine) == slow


# ---- each rule changes something


def beams(rule, width=3, length=4, n_worlds=40, **options):
    """The beams of many random worlds, by the default rules but for one of the beam's or space's.

    Returns: for each world the levels, [(score, formula)], and how many formulas were scored.
    """
    out = []
    for seed in range(n_worlds):
        world = World(seed)
        engine = NumpyEngine(world.bank, world.units.on(world.bank, "u"))
        goal = objective("iou")
        steps = [Step.of(one) for one in DEFAULT_STEPS]
        space = FormulaSpace(engine, goal, steps, np.arange(world.bank.n_concepts), **options)
        result = Beam(width, length, **{"dedupe": "order", **rule}).search(space)
        levels = [[(one.score, one.node.formula) for one in level] for level in result.levels]
        out.append((levels, result.n_scored))
    return out


def test_first_factor_widens_the_first_beam_only():
    narrow, wide = beams({}), beams({"first_factor": 2})
    for (one, n_one), (other, n_other) in zip(narrow, wide, strict=True):
        assert [len(level) for level in one] == [3, 3, 3, 3]
        assert [len(level) for level in other] == [6, 3, 3, 3]
        assert other[0][:3] == one[0]
        assert n_other > n_one
    masks = np.array([[1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]], bool)
    bank = ConceptBank.from_masks(masks, ["part", "broad", "rest"])
    units = Units.from_masks(np.array([[1, 1, 1, 1, 0, 0, 0]], bool))
    formulas = {
        preset: [str(one.formula) for one in explain(bank, units, preset=preset, beam=1, length=2)]
        for preset in ("default", "cce", "optimal")
    }
    assert formulas == {
        "default": ["part"],
        "cce": ["broad AND NOT rest"],
        "optimal": ["broad AND NOT rest"],
    }


def test_starts_with_zeros_or_not():
    """A beam with room goes on from concepts that score nothing."""
    with_zeros, without = beams({}, 50, 2), beams({"starts_with_zeros": False}, 50, 2)
    assert any(levels[0][-1][0] == 0 for levels, _ in with_zeros)
    for (one, _), (other, _) in zip(with_zeros, without, strict=True):
        assert other[0] == [(score, formula) for score, formula in one[0] if score > 0]
    assert [one[1:] for one, _ in with_zeros] != [one[1:] for one, _ in without]


def test_expands_all_or_the_newest():
    """It saves work; where equals are dropped, it loses nothing."""
    every, newest = beams({}), beams({"expands": "newest"})
    assert [one for one, _ in every] == [one for one, _ in newest]
    for (levels, n_scored), (_, n_all) in zip(newest, every, strict=True):
        grown = [sum(one.n_atoms == n for _, one in level) for n, level in enumerate(levels, 1)]
        assert n_scored == 7 + sum(grown[:-1]) * 7 * 3 <= n_all
    assert sum(n for _, n in newest) < sum(n for _, n in every)
    rule = {"dedupe": "none"}
    assert beams(rule, 5) != beams({**rule, "expands": "newest"}, 5)


def test_a_beam_stops_where_nothing_is_new():
    """The best concept is the unit itself: nothing longer is better, and nothing is expanded."""
    bank = ConceptBank.from_masks(np.eye(4, dtype=bool), list("abcd"))
    units = Units.from_masks(np.eye(4, dtype=bool)[:1])
    for preset in PRESETS:
        (one,) = explain(bank, units, length=50, beam=1, preset=preset)
        assert (str(one.formula), one.score, len(one.by_length)) == (
            "a",
            one.by_length[0].score,
            50,
        )
        assert one.n_scored <= 4 + 2 * 4 * 3


def repeats(formula):
    """Whether the last concept of a chain is in it already, and whether it is negated."""
    negated, last = False, formula.args[1]
    if last.__class__.__name__ == "Apply":
        negated, last = True, last.args[0]
    return str(last) in str(formula.args[0]).replace("(", " ").replace(")", " ").split(), negated


@pytest.mark.parametrize("distinct", [(0, 0), (3, 0), (0, 3), (EVER, EVER)])
def test_distinct_keeps_concepts_from_being_added_again(distinct):
    made = Counter()
    for levels, _ in beams({"dedupe": "none"}, width=8, distinct=distinct):
        for level in levels[1:]:
            for _, formula in level:
                if formula.n_atoms > 1:
                    is_repeated, is_negated = repeats(formula)
                    made[formula.n_atoms <= 3, is_negated] += is_repeated
    for is_short in (True, False):
        for is_negated in (True, False):
            limit = distinct[is_negated]
            may_repeat = limit < EVER and not (is_short and limit == 3)
            assert bool(made[is_short, is_negated]) == may_repeat, (is_short, is_negated)


def test_order_is_what_the_form_is_but_that_repetitions_stay():
    kinds = {kind: beams({"dedupe": kind}, width=8) for kind in ("none", "order", "form")}
    for kind, found in kinds.items():
        keys = [[canonical(one) for _, one in levels[-1]] for levels, _ in found]
        n_same = sum(len(one) - len(set(one)) for one in keys)
        assert (n_same == 0) == (kind == "form")
        kinds[kind] = n_same
    assert kinds["none"] > kinds["order"] > 0


def test_how_iou_is_computed():
    assert IoU()(1, 1, 1, 9) == 0.5
    assert IoU(epsilon=1e-10)(1, 1, 1, 9) == 1 / (2 + 1e-10) != 0.5
    assert IoU(is_single=True)(1, 2, 1, 9) == np.float32(1) / np.float32(3)
    big = 1 << 24
    assert IoU(is_single=True)(big, 0, big, 9) == IoU(is_single=True)(big, 1, big, 9)
    assert IoU()(big, 0, big, 9) != IoU()(big, 1, big, 9)
    for one in (IoU(), IoU(1e-10), IoU(is_single=True)):
        assert one(0, 0, 0, 9) == 0
    world = World(6)
    scores = {name: world.levels(name, 3, 1)[0][0][0] for name in PRESETS}
    assert scores["default"] == scores["compexp"] == scores["optimal"]
    assert scores["compexp-vision"] != scores["default"]
    assert scores["cce"] == float(np.float32(scores["default"])) != scores["default"]
    (one,) = explain(world.bank, world.units, preset="cce", objective="precision")
    assert one.score == one.precision


def test_a_beam_that_begins_empty_skips_the_unit_and_says_why(tmp_path):
    bank = ConceptBank.from_masks([[1, 0, 0, 0], [0, 1, 0, 0]], ["a", "b"])
    units = Units.from_masks([[0, 0, 1, 1], [1, 0, 0, 0]], ["apart", "a"])
    for preset, rules in PRESETS.items():
        for engine in ("numpy", "auto"):
            plan = explain(bank, units, preset=preset, engine=engine)
            names = [one.unit for one in plan]
            if rules.starts_with_zeros:
                assert (names, plan.skipped) == (["apart", "a"], [])
                continue
            assert names == ["a"]
            assert [one.unit for one in plan.skipped] == ["apart"]
            assert f"preset={preset} begins with those that do" in plan.skipped[0].reason
    rows = run_journal(explain(bank, units, preset="cce"), tmp_path / "run.jsonl")
    assert [row["unit"] for row in rows if "skipped" in row] == ["apart"]
    with pytest.raises(DataError, match="'apart' cannot be explained: no concept scores above 0"):
        list(explain(bank, units, unit="apart", preset="optimal"))


def test_the_compiled_beam_may_begin_empty():
    pytest.importorskip("numba")
    bank = ConceptBank.from_masks([[1, 0, 0, 0], [0, 1, 0, 0]], ["a", "b"])
    units = Units.from_masks([[0, 0, 1, 1], [1, 0, 0, 0]], ["apart", "a"])
    plan = explain(bank, units, preset="compexp-vision", engine="numba", length=5)
    assert ([one.unit for one in plan], plan.engine) == (["a"], "numba")
    assert [one.unit for one in plan.skipped] == ["apart"]


def test_skips_apart_leaves_out_what_pairs_of_concepts_show_to_be_useless():
    """`a AND NOT b` where they never meet is `a` again, and takes a place of the beam."""
    free, strict = beams({}, width=6), beams({}, width=6, skips_apart=True)
    assert free != strict
    for seed, (levels, n_scored) in enumerate(strict):
        world = World(seed)
        meets = (world.masks[:, None] & world.masks).any(2)
        assert n_scored < free[seed][1] or meets.all()
        for _, formula in levels[1]:
            if formula.n_atoms == 2 and formula.operator == "AND":
                a, b = (int(str(one).split("c")[-1]) for one in formula.args)
                assert meets[a, b]


def test_counts_remade_lets_what_is_kept_take_places():
    """Length 4: formulas that are made again crowd out new ones, so the beam may be worse."""
    free = beams({}, 5, 4, n_worlds=60)
    crowded = beams({"counts_remade": True}, 5, 4, n_worlds=60)
    assert [one[:2] for one, _ in free] == [one[:2] for one, _ in crowded]
    scores = [tuple(score for score, _ in one[2]) for found in (free, crowded) for one, _ in found]
    assert all(a >= b for a, b in zip(scores[:60], scores[60:], strict=True))
    assert scores[:60] != scores[60:]
