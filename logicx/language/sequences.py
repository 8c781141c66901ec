"""The built-in operators that see the order of the tokens of a document.

Operators that relate tokens (AFTER, BEFORE, PREV, NEXT, WITHIN) never count the token itself.
Nothing lies beyond the ends of a document. A token without labels holds nothing, neither x nor
NOT x, and keeps its place: it is not skipped over.

All are functions of masks `bool[n_documents, length]` of documents of one length; see
`logicx.language.registration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from logicx.language.registration import operator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Masks = NDArray[np.bool_]


@operator("AFTER", kind="structural", where="tokens", args=1, example="AFTER(negation)")
def _after(x: Masks) -> Masks:
    """Some earlier token of the document holds it."""
    found: Masks = _prev(np.logical_or.accumulate(x, axis=-1))
    return found


@operator("BEFORE", kind="structural", where="tokens", args=1, example="BEFORE(negation)")
def _before(x: Masks) -> Masks:
    """Some later token of the document holds it."""
    found: Masks = np.flip(_after(np.flip(x, -1)), -1)
    return found


@operator("PREV", kind="structural", where="tokens", args=1, example="PREV(negation)")
def _prev(x: Masks) -> Masks:
    """The token before holds it."""
    found = np.zeros_like(x)
    found[..., 1:] = x[..., :-1]
    return found


@operator("NEXT", kind="structural", where="tokens", args=1, example="NEXT(negation)")
def _next(x: Masks) -> Masks:
    """The token after holds it."""
    found = np.zeros_like(x)
    found[..., :-1] = x[..., 1:]
    return found


@operator(
    "WITHIN",
    kind="structural",
    where="tokens",
    args=1,
    parameters=["n"],
    tries=[2, 5],
    example="WITHIN(3, negation)",
)
def _within(n: int, x: Masks) -> Masks:
    """Some other token of the document, at most n places before or after, holds it."""
    return _just_before(n, x) | np.flip(_just_before(n, np.flip(x, -1)), -1)


@operator("FIRST", kind="structural", where="tokens", args=1, example="FIRST(noun)")
def _first(x: Masks) -> Masks:
    """It holds here, and at no earlier token of the document."""
    found: Masks = x & ~_after(x)
    return found


@operator(
    "COUNT",
    kind="structural",
    where="tokens",
    args=1,
    parameters=["k"],
    tries=[2, 3],
    example="COUNT(2, noun)",
)
def _count(k: int, x: Masks) -> Masks:
    """The whole document, if it holds at k of its tokens or more."""
    return np.broadcast_to(x.sum(axis=-1, keepdims=True) >= k, x.shape)


@operator("SOMEWHERE", kind="structural", where="tokens", args=1, example="SOMEWHERE(negation)")
def _somewhere(x: Masks) -> Masks:
    """The whole document, if it holds anywhere in it."""
    return np.broadcast_to(x.any(axis=-1, keepdims=True), x.shape)


@operator("ABSENT", kind="structural", where="tokens", args=1, example="ABSENT(negation)")
def _absent(x: Masks) -> Masks:
    """The whole document, if it holds nowhere in it."""
    found: Masks = ~_somewhere(x)
    return found


@operator(
    "SKIP",
    kind="structural",
    where="tokens",
    args=2,
    parameters=["n"],
    tries=[1, 3],
    example="SKIP(3, negation, good)",
)
def _skip(n: int, x: Masks, y: Masks) -> Masks:
    """The second holds here, and the first at a token at most n places before."""
    found: Masks = y & _just_before(n, x)
    return found


def _just_before(n: int, x: Masks) -> Masks:
    """Whether it holds at one of the n tokens before."""
    before = np.zeros((*x.shape[:-1], x.shape[-1] + 1), np.int32)
    np.cumsum(x, axis=-1, out=before[..., 1:])
    places = np.arange(x.shape[-1])
    found: Masks = before[..., places] > before[..., np.maximum(places - n, 0)]
    return found
