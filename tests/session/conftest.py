"""Real services in a home of their own, and sessions whose ticks the test itself runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import models
from explorer.core.datasets import Dataset, load_dataset
from explorer.runtime import base_models
from explorer.runtime.base import Base
from explorer.services import Services
from tests.session.tab import Tab


@pytest.fixture(scope="session")
def iris() -> Dataset:
    return load_dataset("iris")


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """Return services with a home of their own: the run of one test is not what the next one opens with."""
    services = Services(home=tmp_path / "home")
    yield services
    services.close()


@pytest.fixture(autouse=True)
def _no_first_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_models, "SMALL", 0)


@pytest.fixture
def base(services: Services, iris: Dataset) -> Base:
    """Iris under a small untrained model: what a session of these tests opens with."""
    return services.bases.given(iris, models.create("vae", shape=iris.shape, width=0.25))


@pytest.fixture
def opened(services: Services, base: Base) -> Iterator[Callable[..., Tab]]:
    """Open any number of sessions; they are closed after the test."""
    tabs: list[Tab] = []

    def open_tab(another: Base | None = None) -> Tab:
        tabs.append(Tab(services, another or base))
        return tabs[-1]

    yield open_tab
    for tab in tabs:
        tab.close()


@pytest.fixture
def tab(opened: Callable[..., Tab]) -> Tab:
    """A session that has come to rest."""
    return opened().rest()
