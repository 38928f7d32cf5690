from __future__ import annotations

from explorer.core.lru import LRU


def test_the_one_not_asked_for_longest_goes_first() -> None:
    recent: LRU[str] = LRU(2)
    recent.put("a", "A")
    recent.put("b", "B")
    assert recent.get("a") == "A"
    recent.put("c", "C")
    assert recent.get("b") is None
    assert (recent.get("a"), recent.get("c"), len(recent)) == ("A", "C", 2)
    recent.put("a", "again")
    assert (recent.get("a"), len(recent)) == ("again", 2)
