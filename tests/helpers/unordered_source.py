"""A source that walks through a set: the order of its concepts is that of the process."""

from some_sources import LineSettings, bank_of, words_of

from logicx import source


@source("unordered", settings=LineSettings)
def unordered(path, settings, *, name, source, progress):
    """A text file: a cell for each line, a concept for each word."""
    rows = words_of(path)
    return bank_of(rows, list({word for row in rows for word in row}), name=name)
