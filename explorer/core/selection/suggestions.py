"""Suggestions while an expression is typed: names of columns, and values of a column of text."""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST = 8

_NAME = r"(?:`([^`]+)`|([^\W\d]\w*))"

# A column and an operator before a value: colour ==, colour != , colour in ["red",
_BEFORE_VALUE = re.compile(_NAME + r"\s*(?:[=!]=|(?:not\s+)?in\s*[\[({](?:[^\])}]*,)?)\s*$")

_WORD = re.compile(r"[^\W\d]\w*$")


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text that can take the place of a part of an expression.

    Attributes
    ----------
    text
        As it is written in the expression: a name with a blank in backticks, a value in quotes.
    start, end
        The part that it replaces, in characters.
    help
        What it means; "" for a value.
    """

    text: str
    start: int
    end: int
    help: str = ""


def suggest(
    expression: str,
    caret: int,
    names: Mapping[str, str],
    values: Callable[[str], Sequence[str]],
) -> tuple[Suggestion, ...]:
    """Return the completions of what stands before the caret, at most `MOST`, the likeliest first.

    Parameters
    ----------
    caret
        The place of the caret, in characters.
    names
        For each column its help.
    values
        Returns the values of a column of text; none for one of numbers.
    """
    before = expression[:caret]
    quote, start = _open_quote(before)
    if quote == "`":
        return _named(before[start + 1 :], start, _closed(expression, caret, quote), names)
    if quote:
        end = _closed(expression, caret, quote)
        return _valued(before[:start], before[start + 1 :], start, end, values, quote)
    word = _WORD.search(before)
    part, start = (word[0], word.start()) if word else ("", caret)
    if found := _valued(before[:start], part, start, caret, values, '"'):
        return found
    if not part and not re.search(r"(?:^|[(]|\b(?:and|or|not))\s*$", before):
        return ()  # behind a number, a bracket or an operator
    return _named(part, start, caret, names)


def written(name: str) -> str:
    """Return a column's name as it is written in an expression."""
    return name if name.isidentifier() and not keyword.iskeyword(name) else f"`{name}`"


def _open_quote(text: str) -> tuple[str, int]:
    """Return the quote that is open at the end of a text, and where it was opened."""
    inside, start = "", 0
    for place, character in enumerate(text):
        if inside:
            if character == inside and (inside == "`" or text[place - 1] != "\\"):
                inside = ""
        elif character in "\"'`":
            inside, start = character, place
    return inside, start


def _closed(expression: str, caret: int, quote: str) -> int:
    """Return the end of what is replaced: a quote that was closed already is taken along."""
    return caret + 1 if expression[caret : caret + 1] == quote else caret


def _named(part: str, start: int, end: int, names: Mapping[str, str]) -> tuple[Suggestion, ...]:
    return tuple(Suggestion(written(name), start, end, names[name]) for name in _matching(part, names))


def _valued(
    before: str, part: str, start: int, end: int, values: Callable[[str], Sequence[str]], quote: str
) -> tuple[Suggestion, ...]:
    column = _BEFORE_VALUE.search(before)
    if column is None:
        return ()
    found = _matching(part, (value for value in values(column[1] or column[2]) if _plain(value)))
    return tuple(Suggestion(_suited(value, quote), start, end) for value in found)


def _plain(value: str) -> bool:
    return "\\" not in value and "\n" not in value and not ('"' in value and "'" in value)


def _suited(value: str, quote: str) -> str:
    other = "'" if quote == '"' else '"'
    return f"{other}{value}{other}" if quote in value else f"{quote}{value}{quote}"


def _matching(part: str, among: Iterable[str]) -> list[str]:
    """Return what begins with a part, then what holds it, in the given order; not what is typed in full."""
    part = part.casefold()
    every = list(among)
    first = [text for text in every if text.casefold().startswith(part)]
    later = [text for text in every if part and text.casefold().find(part) > 0]
    found = [*first, *later][:MOST]
    return [] if [text.casefold() for text in found] == [part] else found
