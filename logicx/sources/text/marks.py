"""Marks that tokenizers leave on tokens: `Ġthe`, `▁the`, `Ċ`, `##ing`."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

CHOICES = ("auto", "keep", "bpe", "sentencepiece")
"""What a recipe may say of marks."""
BPE, PIECE, CONTINUED = "Ġ", "▁", "##"
_ONLY_MARKS = {"Ġ": " ", "▁": " ", "Ċ": "\n", "ĉ": "\t", "č": "\r"}
LEAST_SHARE = 0.05
"""Share of tokens that begin with `Ġ` where it is a mark: it is a letter of Maltese as well."""
_MALTESE = "ġżŻ"


def read_marks(
    documents: Sequence[Sequence[str]], choice: str
) -> tuple[list[tuple[str, ...]], list[str]]:
    """The tokens with white space in place of marks, and notes.

    - `bpe`: `Ġ` is a blank, `Ċ` a line feed. Where all tokens are written in the alphabet of
      byte-level BPE, the other bytes are read too, so that `Ã©` is `é`.
    - `sentencepiece`: `▁` is a blank.
    - `auto`: whichever of the two the tokens bear; `keep`: neither.

    Args:
        documents: The tokens of each.
        choice: One of `CHOICES`.
    """
    tokens = [*chain.from_iterable(documents)]
    n_bpe = sum(one.startswith(BPE) for one in tokens)
    n_piece = sum(one.startswith(PIECE) for one in tokens)
    notes: list[str] = []
    n_continued = sum(one.startswith(CONTINUED) and len(one) > len(CONTINUED) for one in tokens)
    if n_continued and choice != "keep":
        notes.append(
            f"{n_continued:,} of {len(tokens):,} tokens begin with ##, as pieces of words do: to "
            'have the words as concepts, write {"words": ..., "tokens": ..., "word_of": ...} on '
            "each line"
        )
    is_bpe = choice == "bpe" or (choice == "auto" and _is_bpe(tokens, n_bpe))
    is_piece = choice == "sentencepiece" or (choice == "auto" and n_piece > 0)
    if choice == "auto" and n_bpe and not is_bpe:
        notes.append(
            f"{n_bpe:,} of {len(tokens):,} tokens begin with Ġ, which is taken as a letter; "
            'marks = "bpe" reads it as a blank'
        )
    if not (is_bpe or is_piece):
        return [tuple(one) for one in documents], notes
    bytes_of = _byte_alphabet() if is_bpe and _is_byte_level(tokens) else None
    known: dict[str, str] = {}
    for one in tokens:
        if one not in known:
            known[one] = _read(one, is_bpe, is_piece, bytes_of)
    n = sum(known[one] != one for one in tokens)
    if n and choice == "auto":
        marks = " and ".join([BPE] * is_bpe + [PIECE] * is_piece)
        notes.append(
            f"{n:,} of {len(tokens):,} tokens bear a tokenizer's marks ({marks}), which are read "
            'as white space; marks = "keep" keeps them'
        )
    return [tuple(known[one] for one in document) for document in documents], notes


def _is_bpe(tokens: Sequence[str], n_bpe: int) -> bool:
    return (
        n_bpe > 0
        and n_bpe >= LEAST_SHARE * len(tokens)
        and not any(letter in one for one in tokens for letter in _MALTESE)
    )


def _read(token: str, is_bpe: bool, is_piece: bool, bytes_of: dict[str, int] | None) -> str:
    if all(one in _ONLY_MARKS for one in token):
        return "".join(_ONLY_MARKS[one] for one in token)
    if bytes_of is not None:
        try:
            return bytes(bytes_of[one] for one in token).decode()
        except UnicodeDecodeError:  # a part of a character
            pass
    if is_bpe:
        token = token.replace(BPE, " ")
    return token.replace(PIECE, " ") if is_piece else token


def _is_byte_level(tokens: Sequence[str]) -> bool:
    known = {*_byte_alphabet()}
    return all(known.issuperset(one) for one in tokens)


def _byte_alphabet() -> dict[str, int]:
    """The character that byte-level BPE writes for each byte.

    Source: GPT-2's `bytes_to_unicode`: bytes that print stand for themselves, others are numbered
    from 256 on.
    """
    printing = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [one for one in range(256) if one not in set(printing)]
    found = {chr(one): one for one in printing}
    return found | {chr(256 + i): one for i, one in enumerate(others)}
