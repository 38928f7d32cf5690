"""A tree has every name once, parents before children, whatever the parents are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from explorer.runtime.store.tree import Branch, rows


def test_children_hang_below_their_parent_and_the_newest_family_comes_first() -> None:
    newest_first = {"leaf": "old", "alone": None, "side": "old", "old": None, "lost": "gone"}
    assert rows(newest_first) == (
        Branch("old", 0, 2),
        Branch("leaf", 1, 0),
        Branch("side", 1, 0),
        Branch("alone", 0, 0),
        Branch("lost", 0, 0),
    )


NAMES = "abcdefg"


@given(st.dictionaries(st.sampled_from(NAMES), st.none() | st.sampled_from(NAMES + "xy")))
def test_every_name_stands_in_it_once_and_below_its_parent(parents: dict[str, str | None]) -> None:
    made = rows(parents)
    assert sorted(branch.name for branch in made) == sorted(parents)
    above: list[str] = []
    children: dict[str, int] = {}
    for branch in made:
        assert branch.depth <= len(above)
        del above[branch.depth :]
        if branch.depth:
            assert parents[branch.name] == above[-1]
            children[above[-1]] = children.get(above[-1], 0) + 1
        above.append(branch.name)
    assert all(children.get(branch.name, 0) == branch.children for branch in made)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=30))
def test_without_circles_no_parent_is_lost(choices: list[int]) -> None:
    # Each has one of those before it as its parent.
    parents = {str(i): None if choice >= i else str(choice) for i, choice in enumerate(choices)}
    made = rows(dict(reversed(parents.items())))
    depths = {branch.name: branch.depth for branch in made}
    for name, parent in parents.items():
        assert depths[name] == (0 if parent is None else depths[parent] + 1)
