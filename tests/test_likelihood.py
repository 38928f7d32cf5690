"""The likelihood benchmark: that it trains and judges what its table says, and shows what it measured."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

import models
from benchmarks import likelihood
from benchmarks.likelihood import RESULTS, TRIALS, Result, Trial
from explorer.core.datasets import load_dataset

README = Path(__file__).resolve().parent.parent / "README.md"
SMALL = Trial("gaussian-2", "small", "vae", {"latent": 2, "body": "dense", "width": 0.25}, True, 3, 4, -20.0)


@pytest.mark.parametrize("binarise", [True, False])
def test_a_trial_is_a_fit_and_its_bounds(binarise: bool, capsys: pytest.CaptureFixture[str]) -> None:
    data = load_dataset("digits")
    trial = dataclasses.replace(SMALL, binarise=binarise)
    found = likelihood.measure(trial, data.train, data.test, shape=data.shape, seed=3)

    model = models.create("vae", shape=data.shape, latent=2, body="dense", width=0.25, seed=3)
    list(models.fit(model, data.train, epochs=3, binarise=binarise, seed=3))
    expected = models.bounds(model, data.test, draws=4, binarise=binarise, seed=3)
    terms = models.evaluate(model, data.test, binarise=binarise, seed=3)
    assert found.elbo == expected.elbo
    assert found.importance_weighted == (expected.importance_weighted if binarise else None)
    assert found.convention == expected.convention
    assert ("dynamically binarised" in found.convention) is binarise
    assert (found.reconstruction, found.kl) == (terms["reconstruction"], terms["kl"])
    assert (found.epochs, found.seed, found.draws) == (3, 3, 4)
    assert found.parameters == sum(weights.numel() for weights in model.parameters())
    assert found.training_seconds > 0 < found.judging_seconds
    assert "epoch 3 of 3" in capsys.readouterr().out


def test_every_trial_makes_the_model_that_it_names() -> None:
    assert len({trial.key for trial in TRIALS}) == len(TRIALS)
    made = {
        trial.key: models.create(trial.name, shape=(1, 28, 28), **trial.options).convention
        for trial in TRIALS
    }
    assert set(made.values()) == {"Bernoulli on grey targets"}, "binarised or grey, as the trial says"
    assert {trial.key: trial.reference for trial in TRIALS} == {  # the design, section 8
        "gaussian-2": -137.1, "vmf-3": -133.7, "gaussian-10": -98.4, "conv-2": -147.0,
    }  # fmt: skip


def test_a_result_says_whether_it_reaches_its_reference() -> None:
    assert _result(elbo=-100.0, reference=-100.0).verdict == "met"
    assert _result(elbo=-99.9, reference=-100.0).verdict == "met"
    assert _result(elbo=-101.26, reference=-100.0).verdict == "short by 1.3"
    assert _result(elbo=-100.01, reference=-100.0).verdict == "short by 0.1", "no miss is rounded away"


def test_a_new_result_takes_its_place_among_the_others(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "likelihood.json"
    assert likelihood.read(path) == []
    results: list[Result] = []
    for key in ("conv-2", "conv-2", "gaussian-2"):
        results = likelihood.replaced(results, _result(key=key, seed=len(results)))
    assert [(one.key, one.seed) for one in results] == [("gaussian-2", 1), ("conv-2", 1)]
    likelihood.write(path, results)
    assert likelihood.read(path) == results
    assert list(path.parent.iterdir()) == [path]


def test_the_table_shows_a_bound_of_a_likelihood_only() -> None:
    binary, grey = _result(importance_weighted=-99.04), _result(importance_weighted=None)
    lines = likelihood.text([binary, grey]).splitlines()
    assert len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[0] == list(likelihood.HEAD)
    assert cells[2] == [
        "work", "convention", "-100.0", "-99.0", "-101.0", "met", "2", "1", "1.5", "1,234",
    ]  # fmt: skip
    assert cells[3][3] == "-"


def test_without_mnist_it_says_so_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EXPLORER_TEST_DATA", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["likelihood", "--json", str(tmp_path / "results.json")])
    likelihood.main()
    assert f"no MNIST in {tmp_path}" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_the_figures_of_the_readme_are_those_that_were_measured() -> None:
    _, _, rest = README.read_text().partition("<!-- likelihood:begin -->\n")
    shown, _, _ = rest.partition("\n<!-- likelihood:end -->")
    assert shown == likelihood.text(likelihood.read(RESULTS))


def _result(**changed: object) -> Result:
    plain = Result(
        key="gaussian-2", work="work", convention="convention", elbo=-100.0, importance_weighted=-99.0,
        reconstruction=93.0, kl=7.0, draws=500, reference=-101.0, epochs=2, seed=1, training_seconds=100.0,
        busy_seconds=90.0, judging_seconds=10.0, parameters=1234,
    )  # fmt: skip
    return dataclasses.replace(plain, **changed)
