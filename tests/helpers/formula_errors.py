"""What tests of mistakes share: the error of a text that is no formula."""

from __future__ import annotations

import pytest

from logicx.errors import FormulaError, LogicxError
from logicx.language.parsing import parse


def error_of(text: str, dialect: str = "standard") -> LogicxError:
    with pytest.raises(FormulaError) as caught:
        parse(text, dialect)
    error = caught.value
    assert isinstance(error, ValueError)
    assert error.text == text
    return error
