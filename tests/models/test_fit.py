"""Training: reproducible, honest in what it reports, and safe to stop or to fail."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

import models
from models.autoencoder import Autoencoder
from models.errors import BadData, BadOption, ModelError, NotFinite, ShapeMismatch
from models.fit import schedule


@dataclass(frozen=True)
class Split:
    x: Any


def digits(start: int, end: int) -> Split:
    x = (load_digits().images[start:end, None] / 16).astype(np.float32)
    x.flags.writeable = False  # as a Dataset's are
    return Split(x)


TRAIN, HELD_OUT = digits(0, 300), digits(1000, 1200)
DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


def model_of(name: str = "vae", **options: Any) -> Autoencoder:
    return models.create(name, shape=(1, 8, 8), width=0.25, **options)


def weights(model: torch.nn.Module) -> list[torch.Tensor]:
    return [value.detach().cpu().clone() for value in model.state_dict().values()]


def same(one: list[torch.Tensor], other: list[torch.Tensor]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


def ticking(seconds: float) -> Callable[[], float]:
    """A clock that goes on by so much whenever it is read."""
    now = 0.0

    def clock() -> float:
        nonlocal now
        now += seconds
        return now

    return clock


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", models.names())
def test_the_loss_on_held_out_digits_falls(name: str, device: str) -> None:
    model = model_of(name).to(device)
    before = models.evaluate(model, HELD_OUT)["loss"]
    steps = list(models.fit(model, TRAIN, held_out=HELD_OUT, epochs=12, batch_size=32))
    ends = [step.held_out["loss"] for step in steps if step.held_out is not None]
    assert len(ends) == 12
    assert ends[-1] < 0.75 * before
    assert model.device.type == device


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("name", models.names())
def test_the_same_seed_is_the_same_run(name: str, device: str) -> None:
    runs = []
    for seed in (3, 3, 4):
        model = model_of(name).to(device)
        steps = list(models.fit(model, TRAIN, epochs=2, seed=seed, report_seconds=0.0))
        runs.append(([step.terms for step in steps], weights(model)))
    assert runs[0][0] == runs[1][0]
    assert same(runs[0][1], runs[1][1])
    assert not same(runs[0][1], runs[2][1])


def test_the_global_generator_is_left_alone_and_does_not_matter() -> None:
    results = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        model = model_of()
        for _ in models.fit(model, TRAIN, held_out=HELD_OUT, epochs=1):
            pass
        assert torch.equal(torch.get_rng_state(), before)
        results.append(weights(model))
    assert same(*results)


def test_reports_account_for_every_sample() -> None:
    model = model_of("ae")
    steps = list(models.fit(model, TRAIN, epochs=3, batch_size=64, report_seconds=0.0))
    assert [step.seen for step in steps[:5]] == [64, 128, 192, 256, 300]  # the first after the first batch
    assert [step.seen for step in steps if step.epoch_done] == [300, 600, 900]
    assert {step.of for step in steps} == {900}
    assert [step.epoch for step in steps if step.epoch_done] == [1, 2, 3]
    assert [step.epochs for step in steps] == [3] * 15
    assert all(step.held_out is None for step in steps)
    assert set(steps[0].terms) == {"loss", "reconstruction"}


def test_terms_are_means_over_the_samples_since_the_last_report() -> None:
    each = [
        (step.terms["loss"], step.seen)
        for step in models.fit(model_of(), TRAIN, epochs=1, batch_size=64, report_seconds=0.0)
    ]
    sizes = np.diff([0, *(seen for _, seen in each)])
    # A clock that stands still reports the first batch and the end of the epoch only.
    first, rest = models.fit(model_of(), TRAIN, epochs=1, batch_size=64, clock=ticking(0.0))
    assert first.terms["loss"] == each[0][0]
    expected = np.average([loss for loss, _ in each[1:]], weights=sizes[1:])
    assert rest.terms["loss"] == pytest.approx(expected, rel=1e-6)


def test_a_report_is_due_after_so_many_seconds() -> None:
    steps = list(
        models.fit(model_of(), TRAIN, epochs=1, batch_size=10, report_seconds=5.0, clock=ticking(1.0))
    )
    # 30 batches; the clock is read once a batch and once after each report.
    assert [step.seen for step in steps[:3]] == [10, 60, 110]
    assert [step.seconds for step in steps] == sorted(step.seconds for step in steps)


def test_no_report_comes_just_before_the_end_of_an_epoch() -> None:
    steps = list(
        models.fit(model_of(), TRAIN, epochs=2, batch_size=10, report_seconds=12.0, clock=ticking(1.0))
    )
    # One is due after 250 samples of 300; the rest takes five seconds, and its end is a report anyway.
    assert [step.seen for step in steps] == [10, 130, 300, 410, 530, 600]


def test_held_out_terms_are_those_of_a_direct_evaluation() -> None:
    model = model_of()
    *_, last = models.fit(model, TRAIN, held_out=HELD_OUT, epochs=2, seed=7)
    assert last.held_out == models.evaluate(model, HELD_OUT, seed=7)
    x = torch.tensor(HELD_OUT.x)
    direct = model.loss(x, torch.Generator().manual_seed(7)).terms
    for name, value in direct.items():
        assert last.held_out[name] == pytest.approx(value.item(), rel=1e-5)


def test_dynamic_binarisation_draws_each_batch_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    model, data = model_of(), digits(0, 50)
    loss, seen = model.loss, []

    def watched(x: torch.Tensor, generator: torch.Generator) -> models.Loss:
        seen.append(x.clone())
        return loss(x, generator)

    monkeypatch.setattr(model, "loss", watched)
    list(models.fit(model, data, epochs=80, batch_size=25, binarise=True))
    drawn, grey = torch.cat(seen), torch.tensor(data.x)
    assert set(drawn.unique().tolist()) == {0.0, 1.0}
    assert drawn.unique(dim=0).shape[0] > 3000, "hardly ever the same draw of 50 samples in 80 epochs"
    error = ((grey * (1 - grey)).mean(0) / len(drawn)).sqrt()
    assert ((drawn.mean(0) - grey.mean(0)).abs() <= 5 * error).all()


def test_a_binarised_run_is_that_of_its_seed_and_reports_binarised_samples() -> None:
    runs = []
    for seed, binarise in ((3, True), (3, True), (4, True), (3, False)):
        model = model_of()
        *_, last = models.fit(model, TRAIN, held_out=HELD_OUT, epochs=2, seed=seed, binarise=binarise)
        assert last.held_out == models.evaluate(model, HELD_OUT, seed=seed, binarise=binarise)
        runs.append(weights(model))
    assert same(runs[0], runs[1])
    assert not same(runs[0], runs[2])
    assert not same(runs[0], runs[3])
    drawn = Split(models.binarised(torch.tensor(HELD_OUT.x), seed=5))
    assert models.evaluate(model, HELD_OUT, seed=5, binarise=True) == models.evaluate(model, drawn, seed=5)


def test_a_gaussian_likelihood_has_nothing_binarised() -> None:
    model = models.create("vae", shape=(1, 8, 8), width=0.25, likelihood="gaussian")
    for act in (models.fit, models.evaluate):
        with pytest.raises(BadOption, match="leave binarise off"):
            act(model, TRAIN, binarise=True)  # not iterated


def test_an_evaluation_in_batches_weighs_each_sample_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    model = model_of("ae")
    whole = models.evaluate(model, HELD_OUT)
    monkeypatch.setattr("models.evaluation.HELD_OUT_BATCH", 150)
    assert models.evaluate(model, HELD_OUT)["loss"] == pytest.approx(whole["loss"], rel=1e-5)


def test_stop_is_asked_before_each_batch() -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 4

    steps = list(models.fit(model_of(), TRAIN, epochs=9, batch_size=100, stop=stop, report_seconds=0.0))
    assert [step.seen for step in steps] == [100, 200, 300, 400]


def test_stopped_at_once_leaves_the_weights_as_they_were() -> None:
    model = model_of()
    before = weights(model)
    assert list(models.fit(model, TRAIN, epochs=9, stop=lambda: True)) == []
    assert same(weights(model), before)


def test_a_copy_taken_between_steps_stays_while_training_goes_on() -> None:
    model = model_of()
    run = models.fit(model, TRAIN, epochs=2)
    while not next(run).epoch_done:
        pass
    copy = model.clone()
    kept = weights(copy)
    assert same(weights(model), kept)
    for _ in run:
        pass
    assert same(weights(copy), kept)
    assert not same(weights(model), kept)


def test_a_loss_that_is_not_finite_ends_the_run_with_the_last_good_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = model_of("ae")
    loss, batches = model.loss, iter(range(100))

    def breaks(x: torch.Tensor, generator: torch.Generator) -> models.Loss:
        factor = 1.0 if next(batches) < 3 else float("nan")  # three batches make an epoch
        return models.Loss({"loss": factor * loss(x, generator).total})

    monkeypatch.setattr(model, "loss", breaks)
    run = models.fit(model, TRAIN, epochs=5, batch_size=100, clock=ticking(0.0))
    steps = [next(run), next(run)]
    assert steps[-1].epoch_done
    good = weights(model)
    with pytest.raises(NotFinite, match=r"epoch 2.*kept the weights of epoch 1"):
        next(run)
    assert same(weights(model), good)


def test_diverging_weights_are_noticed_and_undone() -> None:
    model = models.create("vae", shape=(3,), width=0.25)
    before = weights(model)
    x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    with pytest.raises(NotFinite, match="weights at the start"):
        list(models.fit(model, Split(x), epochs=1, batch_size=2, learning_rate=1e30))
    assert same(weights(model), before)


def test_weights_that_diverge_in_the_last_update_are_noticed_too() -> None:
    model = model_of()
    before = weights(model)
    with pytest.raises(NotFinite):
        list(models.fit(model, TRAIN, epochs=1, batch_size=300, learning_rate=1e39))
    assert same(weights(model), before)


def test_a_batch_larger_than_the_data_is_the_data() -> None:
    steps = list(models.fit(model_of(), digits(0, 5), epochs=2, batch_size=1000))
    assert [step.seen for step in steps] == [5, 10]


def test_one_sample_is_enough() -> None:
    steps = list(models.fit(model_of(), digits(0, 1), held_out=digits(1, 2), epochs=2))
    assert [step.seen for step in steps] == [1, 2]


def test_tensors_are_taken_as_they_are() -> None:
    one, other = model_of(), model_of()
    list(models.fit(one, TRAIN, epochs=1))
    list(models.fit(other, Split(torch.tensor(TRAIN.x)), epochs=1))
    assert same(weights(one), weights(other))


@pytest.mark.parametrize(
    ("error", "x", "settings", "says"),
    [
        (ShapeMismatch, np.zeros((5, 64), np.float32), {}, "(1, 8, 8)"),
        (ShapeMismatch, np.zeros((5, 1, 8, 8)), {}, "float64"),
        (BadData, np.zeros((0, 1, 8, 8), np.float32), {}, "no samples"),
        (BadData, np.full((5, 1, 8, 8), 16, np.float32), {}, "from 0 to 1"),
        (BadData, np.full((5, 1, 8, 8), np.nan, np.float32), {}, "not finite"),
        (BadOption, TRAIN.x, {"epochs": 0}, "epochs"),
        (BadOption, TRAIN.x, {"batch_size": 0}, "batch_size"),
        (BadOption, TRAIN.x, {"learning_rate": 0.0}, "learning_rate"),
        (BadOption, TRAIN.x, {"learning_rate": float("nan")}, "learning_rate"),
    ],
)
def test_what_cannot_be_trained_is_said_before_the_first_step(
    error: type[ModelError], x: np.ndarray, settings: dict[str, Any], says: str
) -> None:
    with pytest.raises(error) as caught:
        models.fit(model_of(), Split(x), **settings)  # not iterated
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_frozen_weights_stay_and_a_model_of_them_alone_is_refused() -> None:
    model = model_of()
    model.encoder.requires_grad_(False)
    encoder, decoder = weights(model.encoder), weights(model.decoder)
    list(models.fit(model, TRAIN, epochs=1))
    assert same(weights(model.encoder), encoder)
    assert not same(weights(model.decoder), decoder)
    with pytest.raises(BadOption, match="frozen"):
        models.fit(model.requires_grad_(False), TRAIN)


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [schedule(update, 1000) for update in range(1000)]
    top = rates.index(max(rates))
    assert max(rates) == 1.0
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)
    assert min(rates) > 0
    assert schedule(0, 1) > 0, "a single update learns"


def test_little_data_gets_many_epochs_and_much_data_few() -> None:
    plans = [models.default_plan(n) for n in (1, 150, 1437, 5200, 60_000, 10_000_000)]
    assert [plan.epochs for plan in plans] == sorted((plan.epochs for plan in plans), reverse=True)
    assert plans[-1].epochs >= 1
    first = next(models.fit(model_of(), digits(0, 30)))
    assert first.epochs == models.default_plan(30).epochs
