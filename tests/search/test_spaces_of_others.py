"""What spaces of one's own give is checked, and those that are right are searched as any other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from logicx.errors import PluginError
from logicx.search import Beam, Expected, Guided, Listed


@dataclass(frozen=True)
class Word:
    """A word, which means its letters."""

    text: str

    @property
    def length(self):
        return len(self.text)

    @property
    def fingerprint(self):
        return "".join(sorted(self.text))

    def denotes_as(self, other):
        return self.fingerprint == other.fingerprint

    @property
    def form(self):
        return self.text

    order = form


def score(word):
    return -abs(sum(map(ord, word.text)) - 300) / 1000


class Words:
    """Words that grow by a letter."""

    letters = "abcxyz"

    def atoms(self):
        return Listed([Word(one) for one in self.letters], score)

    def longer(self, nodes):
        return [Word(node.text + one) for node in nodes for one in self.letters]

    def expand(self, nodes, at_once=False):
        return [Listed(self.longer(nodes), score)]

    def estimate(self, nodes):
        return Expected(self.longer(nodes), lambda word: score(word) + 0.01, score)


@pytest.mark.parametrize("dedupe", ["meaning", "form", "order", "none"])
def test_a_right_space_is_searched_with_and_without_estimates(dedupe):
    beam = Beam(width=4, length=4, dedupe=dedupe)
    plain, guided = beam.search(Words()), Guided(beam).search(Words())
    assert [[one.node.text for one in level] for level in plain.levels] == [
        [one.node.text for one in level] for level in guided.levels
    ]
    assert plain.levels[-1][0].score > plain.levels[0][0].score
    assert guided.n_scored < plain.n_scored


class Fixed:
    """Candidates as they are given."""

    def __init__(self, scores, nodes):
        self.scores, self._nodes = scores, nodes

    def node(self, i):
        return self._nodes[i]


@dataclass(frozen=True)
class Bare:
    """A node with what it is given, and no more."""

    length: object = 1


class Keyed(Bare):
    """A node whose key is a list."""

    fingerprint = ["a"]  # noqa: RUF012


WORD = Word("a")
WRONG_ATOMS = [
    (lambda: Fixed([0.5], [WORD]), "no NumPy array of numbers"),
    (lambda: Fixed(np.array([np.nan]), [WORD]), "number 0 is NaN"),
    (lambda: Fixed(np.array([0, np.nan]), [WORD, WORD]), "number 1 is NaN"),
    (lambda: Fixed(np.ones((1, 1)), [WORD]), r"float64\[1, 1\]"),
    (lambda: Fixed(np.array(["a"]), [WORD]), "no NumPy array of numbers"),
    (lambda: Fixed(np.ones(1), ["a"]), "node 0 .* has no 'length'"),
    (lambda: Fixed(np.ones(1), [Bare()]), "has no 'fingerprint'"),
    (lambda: Fixed(np.ones(1), [Bare(0)]), "has no 'fingerprint'|has the length 0"),
    (lambda: Fixed(np.ones(1), [Keyed()]), "is no key"),
    (lambda: Fixed(np.ones(1), []), "IndexError"),
    (lambda: [WORD], "which has no 'scores'"),
    (lambda: 1 / 0, "fails: ZeroDivisionError"),
]


@pytest.mark.parametrize(("atoms", "told"), WRONG_ATOMS)
def test_wrong_candidates_are_named_with_their_space(atoms, told):
    class Mine(Words):
        pass

    Mine.atoms = lambda self: atoms()
    for search in (Beam(length=2), Guided(Beam(length=2))):
        with pytest.raises(PluginError, match=told) as caught:
            search.search(Mine())
        assert "space Mine" in str(caught.value)


def test_nodes_of_a_length_that_means_nothing_are_refused():
    class Half(Word):
        length = 1.5

    class Mine(Words):
        def atoms(self):
            return Listed([Half("a")], score)

    with pytest.raises(PluginError, match=r"has the length 1\.5"):
        Beam().search(Mine())


def test_wrong_expansions_and_estimates_are_refused():
    class Two(Words):
        def expand(self, nodes, at_once=False):
            return Listed(self.longer(nodes), score)

    class Three(Words):
        def estimate(self, nodes):
            return Expected(self.longer(nodes), lambda _: float("nan"), score)

    class Four(Words):
        def estimate(self, nodes):
            found = super().estimate(nodes)
            return Short(found)

    class Short:
        def __init__(self, part):
            self.part, self.estimates = part, part.estimates

        def visit(self, which):
            return self.part.visit(which[:1])

    with pytest.raises(PluginError, match="gave Listed, not a list of parts"):
        Beam().search(Two())
    with pytest.raises(PluginError, match=r"estimates of .* number 0 is NaN"):
        Guided(Beam()).search(Three())
    with pytest.raises(PluginError, match="gave 1 scores for"):
        Guided(Beam()).search(Four())


def test_what_is_no_space_is_refused_by_name():
    with pytest.raises(PluginError, match="the space object has no function 'atoms'"):
        Beam().search(object())

    class Plain(Words):
        estimate = None

    with pytest.raises(PluginError, match="has no function 'estimate'"):
        Guided(Beam()).search(Plain())


def test_a_key_is_asked_for_only_where_it_is_used():
    class Mine(Words):
        def atoms(self):
            return Fixed(np.ones(1), [Bare()])

        def expand(self, nodes, at_once=False):
            return []

    assert len(Beam(dedupe="none", length=2).search(Mine()).levels[-1]) == 1
    assert replace(Beam(), width=2).width == 2
