"""Tokens of documents, and what a spaCy pipeline says of each token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from logicx.errors import DataError
from logicx.language.spelling import tidy
from logicx.sources.text.settings import ANNOTATIONS
from logicx.sources.text.splitting import at_blanks, note_on_signs, words_and_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from logicx.sources.text.reading import Documents
    from logicx.sources.text.settings import TextSettings

Annotated = dict[str, list[str]]
"""A document: its tokens, and for each family the value of every token ("" for none)."""

BATCH = 256
"""Documents that the pipeline works on at once; fixed, as rounding could depend on it."""

SENTENCE = "sentence"
"""Not a family: `1` at tokens that begin a sentence."""

_ATTRIBUTES = {
    **{"tag": "TAG", "lemma": "LEMMA", "upos": "POS", "dep": "DEP", "ent": "ENT_TYPE"},
    SENTENCE: "SENT_START",
}
_GIVES = {
    "lemmatizer": {"lemma"},
    "trainable_lemmatizer": {"lemma"},
    "parser": {"dep", "upos", "lemma", SENTENCE},
    "ner": {"ent"},
    "tagger": {"tag", "lemma", "upos"},
}
"""Components that are left out where nothing is wanted that they give or that rests on them.

In English the part of speech, and so the lemma, of auxiliaries rests on the parser."""

_NEEDS = {
    "ent": {"ner", "entity_ruler"},
    SENTENCE: {"parser", "senter", "sentencizer"},
}
"""Components of which one must be there for what may rightly be empty."""


@dataclass(frozen=True)
class Annotation:
    """All documents of a file with their annotation; equal documents share one object.

    Args:
        documents: In the order of the file.
        source: What annotated them: spaCy, the pipeline and their versions.
        notes: What a person should know of how the texts were read and split.
    """

    documents: list[Annotated]
    source: dict[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def annotate(
    documents: Documents,
    wanted: Iterable[str],
    settings: TextSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Annotation:
    """Tokens of each document (`token`), their form and word, and the wanted annotation.

    Args:
        documents: Texts, which are tokenised as the settings say, or lists of tokens.
        wanted: Families of concepts, and perhaps `sentence`; those that need no pipeline
            (`word`, `overlap`, ...) are passed over.
        settings: Tokenizer, pipeline, case.
        progress: Called with documents done and documents in all.

    Raises:
        DataError: A document has no token, or spaCy or its pipeline is missing.

    Cost: each different document is annotated once.
    """
    first: dict[Any, int] = {}
    for i, text in enumerate(documents.texts):
        first.setdefault(text, i)
    attributes = [one for one in (*ANNOTATIONS, SENTENCE) if one in set(wanted)]
    source: dict[str, Any] = {}
    split, language = _tokenizer(settings, source)
    found: dict[Any, Annotated] = {}
    spaces: dict[Any, list[bool] | None] = {}
    for text, i in first.items():
        tokens, spaces[text] = split(text)
        _check_tokens(documents, i, tokens)
        found[text] = {
            "token": tokens,
            "form": [settings.form(one) for one in tokens],
            "word": [settings.fold(one) for one in tokens],
        }
    if attributes:
        nlp = _load(settings, attributes, language, source)
        for text, i in first.items():
            _check_length(documents, i, found[text]["token"], nlp.max_length)
        tokens_of = ((found[text]["token"], spaces[text]) for text in first)
        annotated = _piped(nlp, tokens_of, attributes)
        for n, (text, values) in enumerate(zip(first, annotated, strict=True), 1):
            if "lemma" in values:
                values["lemma"] = [settings.fold(one) for one in values["lemma"]]
            found[text] |= values
            if progress and n % BATCH == 0:
                progress(n, len(first))
        _check_given(found.values(), attributes, nlp, settings)
    notes = [*documents.notes]
    if settings.tokenizer == "whitespace" and settings.format != "tokens":
        notes += note_on_signs({word for one in found.values() for word in one["word"]})
    return Annotation([found[text] for text in documents.texts], source, tuple(notes))


def _check_tokens(documents: Documents, i: int, tokens: Sequence[str]) -> None:
    if not tokens:
        raise documents.error(i, "is empty")
    if "" in tokens:
        raise documents.error(
            i,
            f"has an empty token, number {[*tokens].index('') + 1:,}",
            "write a sign for such a token, such as <s>",
        )


def _check_length(documents: Documents, i: int, tokens: Sequence[str], most: int) -> None:
    if sum(map(len, tokens)) + len(tokens) > most:
        raise documents.error(
            i,
            f"has more than {most:,} characters",
            "cut it into several documents: pipelines need memory in proportion",
        )


def _tokenizer(settings: TextSettings, source: dict[str, Any]) -> tuple[Any, str]:
    """A function from a document to its tokens and whether a space follows each; its language."""

    split = words_and_signs if settings.tokenizer == "simple" else at_blanks

    def without_library(text: str | tuple[str, ...]) -> tuple[list[str], None]:
        return (split(text) if isinstance(text, str) else list(text)), None

    if settings.tokenizer != "spacy":
        return without_library, ""
    spacy = import_spacy("tokenizer = 'spacy' needs spaCy", "or: tokenizer = 'whitespace'")
    source["spacy"] = spacy.__version__
    blank = blank_pipeline(spacy, settings.language)

    def by_rules(text: str) -> tuple[list[str], list[bool]]:
        tokens = [token for token in blank.tokenizer(text) if tidy(token.text.strip())]
        return [one.text for one in tokens], [bool(one.whitespace_) for one in tokens]

    return by_rules, settings.language


def import_spacy(why: str, other: str) -> Any:
    """The module spaCy.

    Raises:
        DataError: It is not installed.
    """
    try:
        import spacy
    except ImportError as error:
        raise DataError(why, hint=f'pip install "logicx[text]"; {other}') from error
    return spacy


def blank_pipeline(spacy: Any, language: str) -> Any:
    """The blank pipeline of a language: its tokenizer and its stop words.

    Raises:
        DataError: spaCy has no such language, or it needs a package of its own.
    """
    try:
        return spacy.blank(language)
    except (ImportError, AttributeError) as error:  # AttributeError: a helper module of its own
        raise DataError(f"spaCy has no language {language!r}") from error


def _load(
    settings: TextSettings, attributes: Sequence[str], language: str, source: dict[str, Any]
) -> Any:
    """The installed pipeline of the settings' name, or of the one name that continues it."""
    name = settings.pipeline
    what = ", ".join("sentences" if one == SENTENCE else one for one in attributes)
    rest = ", ".join(f'"{one}"' for one in settings.families if one not in ANNOTATIONS)
    without = f"to do without: set='{settings.KIND}.families=[{rest}]'"
    if SENTENCE in attributes:
        without += f" set={settings.KIND}.sentences=false"
    download = f"python -m spacy download {name or 'en_core_web_sm'}"
    spacy = import_spacy(f"spaCy, which would give {what}, is missing", f"{download}; {without}")
    installed = sorted(spacy.util.get_installed_models())
    continued = [one for one in installed if one.startswith(f"{name}_")] if name else []
    if name not in installed and len(continued) != 1:
        listed = f"installed: {', '.join(installed)}; " if installed else ""
        raise DataError(
            f"the spaCy pipeline {name!r}, which would give {what}, is not installed",
            hint=f"{listed}{download}; {without}",
        )
    taken = name if name in installed else continued[0]
    unused = [one for one, gives in _GIVES.items() if not gives & set(attributes)]
    try:
        nlp = spacy.load(taken, exclude=unused)
    except Exception as error:  # whatever a package does when it is loaded
        raise DataError(f"the spaCy pipeline {taken} cannot be loaded: {error}") from error
    if language and nlp.lang != language:
        raise DataError(
            f"the pipeline {taken} is of language {nlp.lang!r}, the tokenizer of {language!r}",
            hint=f"set language = {nlp.lang!r}",
        )
    version = nlp.meta["version"]
    source |= {"spacy": spacy.__version__, "pipeline": f"{taken} {version}"}
    if taken != name:
        source["notes"] = [f"no pipeline {name} is installed: {taken} {version} was used"]
    return nlp


def _piped(
    nlp: Any,
    documents: Iterable[tuple[list[str], list[bool] | None]],
    attributes: Sequence[str],
) -> Iterator[Annotated]:
    from spacy.tokens import Doc

    made = (Doc(nlp.vocab, words=words, spaces=spaces) for words, spaces in documents)
    names = _Names(nlp.vocab.strings)
    for document in nlp.pipe(made, batch_size=BATCH):
        table = document.to_array([_ATTRIBUTES[one] for one in attributes])
        values = {}
        for one, column in zip(attributes, table.reshape(len(document), -1).T, strict=True):
            if one == SENTENCE:
                values[one] = ["1" if start == 1 else "" for start in column.tolist()]
            else:
                values[one] = [names[key] for key in column.tolist()]
        yield values


class _Names(dict[int, str]):
    """The text of spaCy's numbers; each is looked up once, so equal texts are one object."""

    def __init__(self, strings: Any) -> None:
        self._strings = strings

    def __missing__(self, key: int) -> str:
        self[key] = found = str(self._strings[key])
        return found


def _check_given(
    documents: Iterable[Mapping[str, list[str]]],
    attributes: Sequence[str],
    nlp: Any,
    settings: TextSettings,
) -> None:
    """Raise a `DataError` where the pipeline gave nothing of what was wanted."""
    names = {*nlp.pipe_names}
    missing = {one for one in attributes if names.isdisjoint(_NEEDS.get(one, names))}
    untold = {one for one in attributes if one not in _NEEDS}
    for document in documents:
        untold -= {one for one in untold if any(document[one])}
        if not untold:
            break
    lacking = next((one for one in attributes if one in missing | untold), None)
    if lacking:
        raise DataError(
            f"the pipeline {settings.pipeline} gives no {lacking}",
            hint=f"it has: {', '.join(nlp.pipe_names)}",
        )
