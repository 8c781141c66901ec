"""Presets against slow re-implementations of the published searches.

The re-implementations work on masks of cells and know nothing of logicx. A formula is a tuple of
(step, concept); the first step is empty. What the tools leave to chance (ties) is settled here as
logicx does, by order of enumeration, and in one test by lot.
"""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from preset_worlds import World

from logicx import canonical, explain, parse
from logicx.runs.presets import PRESETS

ADDING = ("OR", "AND", "AND NOT")


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
