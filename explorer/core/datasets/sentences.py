"""Parts of the sentences that this package shows."""

from __future__ import annotations

from collections.abc import Sequence

MOST_NAMED = 5


def listed(names: Sequence[str]) -> str:
    """Return the names as a sentence lists them, the first few of many: `'a', 'b' and 7 more`."""
    quoted = [repr(str(name)) for name in names]
    if len(quoted) > MOST_NAMED:
        quoted = [*quoted[:MOST_NAMED], f"{len(names) - MOST_NAMED} more"]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def reason(error: BaseException) -> str:
    """Return the message of another library's exception as part of a sentence: one line, no full stop."""
    said = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    return said if len(said) <= 160 else f"{said[:160]}..."
