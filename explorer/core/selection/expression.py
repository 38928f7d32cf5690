"""Selections written as text over a table's columns, such as ``alcohol > 12 and quality >= 7``.

The text is parsed by Python's own parser and evaluated here, node by node: comparisons, ``and``, ``or``,
``not``, ``in``, arithmetic, numbers, text and column names are allowed, and nothing else. ``eval`` is never
called.
"""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Collection
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Bool
from pandas.api.types import is_bool_dtype, is_numeric_dtype

from explorer.core.errors import BadSelection

LONGEST = 1000  # characters

_COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_ALLOWED = "comparisons, and, or, not, in [...], + - * / % **, numbers, text in quotes and column names"


def used(expression: str, known: Collection[str]) -> tuple[str, ...]:
    """Return the columns that an expression names, each once; names that are not known are left out.

    Raises
    ------
    BadSelection
        As `mask` does, for what cannot be read.
    """
    tree, quoted = _parsed(expression)
    named = (quoted.get(node.id, node.id) for node in ast.walk(tree) if isinstance(node, ast.Name))
    return tuple(dict.fromkeys(name for name in named if name in known))


def mask(
    expression: str, frame: pd.DataFrame, known: Collection[str] | None = None
) -> Bool[np.ndarray, " n"]:
    """Return the rows for which an expression holds.

    A row in which a compared value is missing is not selected, whether by ``>``, ``!=`` or ``not``:
    an unknown value makes a comparison neither true nor false (Kleene's logic, as in SQL).

    Parameters
    ----------
    expression
        Python's syntax; a column whose name is not a Python name goes in backticks: ```fixed acidity` > 9``.
    frame
        One row per sample, with the columns that the expression names. Without a row, it tells whether the
        expression can be evaluated.
    known
        The names of all columns there are, for the sentences; None is those of the frame.

    Raises
    ------
    BadSelection
        With one sentence: what is not understood, which names there are, or which types do not match.
    """
    known = [str(name) for name in frame.columns] if known is None else known
    tree, quoted = _parsed(expression)
    try:
        with np.errstate(all="ignore"):
            result = _Reader(frame, quoted, known).value(tree)
    except (ValueError, TypeError, MemoryError, RecursionError) as error:
        raise _unreadable(expression) from error
    if not isinstance(result, pd.Series):
        raise BadSelection(f"{_short(expression)!r} names no column; the columns are {_names(known)}")
    if not is_bool_dtype(result.dtype):
        raise BadSelection(
            f"{_short(expression)!r} gives values, not yes or no; compare them, for example with > or =="
        )
    return result.fillna(False).to_numpy(dtype=bool)


def _parsed(expression: str) -> tuple[ast.expr, dict[str, str]]:
    """Return the syntax tree, and the column names that stood in backticks by their stand-ins."""
    if len(expression) > LONGEST:
        raise BadSelection(f"the expression has {len(expression):,} characters; {LONGEST:,} are allowed")
    source, quoted = _without_backticks(expression.strip())
    try:
        return ast.parse(source, mode="eval").body, quoted
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
        raise _unreadable(expression) from error


def _unreadable(expression: str) -> BadSelection:
    return BadSelection(
        f"cannot read {_short(expression)!r}; write for example: alcohol > 12 and quality >= 7"
    )


class _Reader:
    """The meaning of each kind of node, over one table."""

    def __init__(self, frame: pd.DataFrame, quoted: dict[str, str], known: Collection[str]) -> None:
        self._frame = frame
        self._quoted = quoted
        self._known = known

    def value(self, node: ast.expr) -> Any:
        """Return a Series with one value per row, or a number, a text or a boolean."""
        if isinstance(node, ast.Constant) and isinstance(node.value, (bool, int, float, str)):
            return node.value
        if isinstance(node, ast.Name):
            return self._column(self._quoted.get(node.id, node.id))
        if isinstance(node, ast.BoolOp):
            join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
            return reduce(join, [self._truth(part) for part in node.values])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return ~self._truth(node.operand)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            number = self._number(node.operand)
            return -number if isinstance(node.op, ast.USub) else number
        if isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
            # As floats: a power of whole numbers could otherwise be made to fill the memory.
            return _ARITHMETIC[type(node.op)](self._number(node.left), self._number(node.right))
        if isinstance(node, ast.Compare):
            sides = [node.left, *node.comparators]
            pairs = zip(sides, node.ops, sides[1:], strict=False)
            return reduce(operator.and_, [self._compared(*pair) for pair in pairs])
        raise BadSelection(f"{self._text(node)!r} is not allowed in a selection; use {_ALLOWED}")

    def _text(self, node: ast.expr) -> str:
        """Return a node nearly as it was written, short enough for a sentence."""
        text = ast.unparse(node)
        for stand_in, name in self._quoted.items():
            text = text.replace(stand_in, f"`{name}`")
        return _short(text)

    def _column(self, name: str) -> pd.Series:
        columns = {str(column): column for column in self._frame.columns}
        if name not in columns:
            close = difflib.get_close_matches(name, self._known, 3, 0.5)
            known = (
                f"did you mean {' or '.join(close)}?" if close else f"the columns are {_names(self._known)}"
            )
            raise BadSelection(f"there is no column {_short(name)!r}; {known}")
        column = self._frame[columns[name]]
        return (
            column.astype(column.cat.categories.dtype)
            if isinstance(column.dtype, pd.CategoricalDtype)
            else column
        )

    def _truth(self, node: ast.expr) -> Any:
        value = self.value(node)
        if isinstance(value, pd.Series) and is_bool_dtype(value.dtype):
            return value.astype("boolean")
        raise BadSelection(
            f"{self._text(node)!r} is neither true nor false; compare it, for example with > or =="
        )

    def _number(self, node: ast.expr) -> Any:
        value = self.value(node)
        if isinstance(value, pd.Series) and is_numeric_dtype(value.dtype):
            return value.astype(np.float64)
        if isinstance(value, (int, float)):
            return np.float64(value)
        raise BadSelection(f"{self._text(node)!r} is text, with which one cannot calculate; use numbers")

    def _compared(self, left: ast.expr, how: ast.cmpop, right: ast.expr) -> Any:
        if isinstance(how, (ast.In, ast.NotIn)):
            return self._within(left, right, isinstance(how, ast.NotIn))
        if type(how) not in _COMPARE:
            raise BadSelection(f"'is' is not allowed in a selection; use {_ALLOWED}")
        a, b = self.value(left), self.value(right)
        self._same_kind(left, a, right, b)
        if not isinstance(a, pd.Series) and not isinstance(b, pd.Series):
            raise BadSelection(
                f"{self._text(left)!r} and {self._text(right)!r} name no column; compare a column"
            )
        held = _COMPARE[type(how)](a, b).astype("boolean")
        return held.mask(_missing(a) | _missing(b))

    def _within(self, left: ast.expr, right: ast.expr, turned: bool) -> Any:
        value = self.value(left)
        if not isinstance(value, pd.Series) or not isinstance(right, (ast.List, ast.Tuple, ast.Set)):
            raise BadSelection(
                "'in' takes a column on its left and a list on its right: colour in ['red', 'rose']"
            )
        items = [self.value(item) for item in right.elts]
        for item, node in zip(items, right.elts, strict=True):
            if isinstance(item, pd.Series):
                raise BadSelection(
                    f"the list of 'in' holds numbers or text, not the column {self._text(node)!r}"
                )
            self._same_kind(left, value, node, item)
        held = value.isin(items).astype("boolean")
        return (~held if turned else held).mask(value.isna())

    def _same_kind(self, left: ast.expr, a: Any, right: ast.expr, b: Any) -> None:
        if _is_text(a) != _is_text(b):
            text, number = (left, right) if _is_text(a) else (right, left)
            raise BadSelection(
                f"{self._text(text)!r} is text and {self._text(number)!r} is a number; "
                "compare text with text in quotes and numbers with numbers"
            )


def _is_text(value: Any) -> bool:
    return not is_numeric_dtype(value.dtype) if isinstance(value, pd.Series) else isinstance(value, str)


def _missing(value: Any) -> Any:
    return value.isna() if isinstance(value, pd.Series) else False


def _names(known: Collection[str]) -> str:
    names = list(known)
    return ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")


def _without_backticks(text: str) -> tuple[str, dict[str, str]]:
    """Replace each backtick-quoted name by a Python name; return the text, and the names of these."""
    parts: list[str] = []
    names: dict[str, str] = {}
    inside = ""  # the quote that is open
    start = 0
    for i, character in enumerate(text):
        if inside:
            if character != inside or (inside != "`" and text[i - 1] == "\\"):
                continue
            if inside == "`":
                stand_in = f"_column_{len(names)}_"
                names[stand_in] = text[start:i]
                parts.append(f" {stand_in} ")
                start = i + 1
            inside = ""
        elif character in "\"'`":
            inside = character
            if character == "`":
                parts.append(text[start:i])
                start = i + 1
    if inside == "`":
        raise BadSelection(
            f"a backtick in {_short(text)!r} is not closed; write column names as `fixed acidity`"
        )
    return "".join([*parts, text[start:]]).strip(), names


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"
