from __future__ import annotations

from pathlib import Path

import pytest

import models
from explorer.core.datasets import load_dataset
from explorer.services import Services
from explorer.session import Session
from explorer.views.training.data_controls import DataControls


@pytest.mark.parametrize("name", models.names())
def test_whatever_model_is_given_is_the_one_shown(tmp_path: Path, name: str) -> None:
    services = Services(home=tmp_path)
    data = load_dataset("iris")
    session = Session(services, services.bases.given(data, models.create(name, shape=data.shape, latent=3)))
    controls = DataControls(session)
    assert controls._model.value == name
    assert name in [*controls._model.options], "the chooser would be blank"
    assert session.draft.choice == session.state.base.choice
    session.close()
    services.close()
