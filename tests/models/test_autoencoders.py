"""What every family promises, over every kind of sample."""

import math

import numpy as np
import pytest
import torch
from torch.distributions import Normal, kl_divergence

import models
from models import losses
from models.errors import BadOption, ModelError, ShapeMismatch, UnknownModel

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (1, 9, 13), (3, 64, 64), (4,), (1,)]
BODIES = [
    (shape, body) for shape in SHAPES for body in ("dense", "conv") if len(shape) == 3 or body == "dense"
]


def batch(shape: tuple[int, ...], n: int = 3) -> torch.Tensor:
    return torch.rand(n, *shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("shape", "body"), BODIES)
@pytest.mark.parametrize("name", models.names())
def test_a_batch_goes_through_and_every_weight_learns(name: str, shape: tuple[int, ...], body: str) -> None:
    model = models.create(name, shape=shape, latent=3, body=body)
    x = batch(shape)
    posterior = model.encode(x)
    z = posterior.sample(torch.Generator().manual_seed(0))
    assert posterior.mean.shape == z.shape == (3, 3)
    assert posterior.kl().shape == (3,)
    assert (posterior.kl() >= 0).all()
    assert model.decode(z).shape == x.shape
    assert models.reconstruction_error(model, x).shape == (3,)
    model.loss(x).total.backward()
    for weights in model.parameters():
        assert weights.grad is not None
        assert weights.grad.isfinite().all()
        assert weights.grad.abs().sum() > 0


@pytest.mark.parametrize("name", models.names())
@pytest.mark.parametrize("latent", [1, 2, 3, 20])
def test_any_latent_dimension(name: str, latent: int) -> None:
    latent = max(latent, models.latent_range(name)[0])
    model = models.create(name, shape=(1, 8, 8), latent=latent)
    assert model.encode(batch((1, 8, 8))).mean.shape == (3, latent)
    assert model.decode(torch.zeros(5, latent)).shape == (5, 1, 8, 8)


@pytest.mark.parametrize("side", range(8, 65, 7))
def test_any_side_comes_back_exactly(side: int) -> None:
    model = models.create("ae", shape=(1, side, 72 - side), width=0.25)
    assert model.decode(torch.zeros(1, 2)).shape == (1, 1, side, 72 - side)


@pytest.mark.parametrize("name", models.names())
def test_samples_do_not_speak_to_each_other(name: str) -> None:
    model = models.create(name, shape=(1, 9, 13))
    x = batch((1, 9, 13))
    alone = torch.cat([model.encode(row[None]).mean for row in x])
    torch.testing.assert_close(model.encode(x).mean, alone)


@pytest.mark.parametrize("name", models.names())
def test_the_same_seed_makes_the_same_model_and_the_global_generator_is_left_alone(name: str) -> None:
    before = torch.get_rng_state()
    one, same, other = (models.create(name, shape=(1, 8, 8), seed=seed) for seed in (5, 5, 6))
    x = batch((1, 8, 8))
    assert torch.equal(one.encode(x).mean, same.encode(x).mean)
    assert not torch.equal(one.encode(x).mean, other.encode(x).mean)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", models.names())
def test_the_config_makes_the_model_again(name: str) -> None:
    model = models.create(name, shape=(5,), latent=3, width=0.5)
    again = models.create(**model.config)
    assert again.config == model.config
    assert torch.equal(again.encode(batch((5,))).mean, model.encode(batch((5,))).mean)


@pytest.mark.parametrize("name", models.names())
def test_a_clone_shares_nothing(name: str) -> None:
    model = models.create(name, shape=(1, 8, 8))
    x = batch((1, 8, 8))
    model.loss(x).total.backward()
    before = model.encode(x).mean.detach().clone()
    twin = model.clone()
    assert torch.equal(twin.encode(x).mean, before)
    assert all(weights.grad is None and weights.requires_grad for weights in twin.parameters())
    with torch.no_grad():
        for weights in twin.parameters():
            weights.add_(1.0)
    assert torch.equal(model.encode(x).mean, before)


def test_the_terms_of_a_vae_add_up() -> None:
    model = models.create("vae", shape=(1, 8, 8), beta=3.0)
    x = batch((1, 8, 8))
    terms = model.loss(x, torch.Generator().manual_seed(2)).terms
    posterior = model.encode(x)
    z = posterior.sample(torch.Generator().manual_seed(2))
    nll = torch.nn.functional.binary_cross_entropy(model.decode(z), x, reduction="sum") / 3
    torch.testing.assert_close(terms["reconstruction"], nll)
    torch.testing.assert_close(terms["kl"], posterior.kl().mean())
    torch.testing.assert_close(terms["loss"], terms["reconstruction"] + 3 * terms["kl"])
    per_axis = posterior.kl_per_axis()
    assert per_axis is not None
    torch.testing.assert_close(per_axis.sum(1), posterior.kl())


def test_free_bits_enter_the_loss_and_the_kl_is_still_reported_as_it_is() -> None:
    x = batch((1, 8, 8))
    plain, free = (models.create("vae", shape=(1, 8, 8), free_bits=bits) for bits in (0.0, 5.0))
    one, other = (m.loss(x, torch.Generator().manual_seed(0)).terms for m in (plain, free))
    torch.testing.assert_close(other["kl"], one["kl"])
    torch.testing.assert_close(other["loss"], other["reconstruction"] + 10.0)  # two axes, both below 5


def test_a_gaussian_posterior_draws_with_its_own_mean_and_spread() -> None:
    posterior = models.create("vae", shape=(4,)).encode(batch((4,), 1).expand(20_000, 4))
    assert posterior.spread is not None
    z = posterior.sample(torch.Generator().manual_seed(0))
    tolerance = 5 * posterior.spread[0] / math.sqrt(20_000)
    assert ((z.mean(0) - posterior.mean[0]).abs() < tolerance).all()
    assert ((z.std(0) - posterior.spread[0]).abs() < tolerance).all()


def test_the_kl_is_that_of_the_mean_and_the_spread() -> None:
    code = 3 * torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    posterior = models.create("vae", shape=(4,)).posterior(code)
    assert posterior.spread is not None
    expected = kl_divergence(Normal(posterior.mean, posterior.spread), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(posterior.kl(), expected)


def test_a_learned_scale_stops_at_its_floor() -> None:
    model, x = models.create("ae", shape=(4,)), batch((4,))
    with torch.no_grad():
        model.log_scale.fill_(-1e3)
    squares = (x - model.decode(model.encode(x).mean)).square().sum(1)
    floor = losses.LOG_SCALE_FLOOR
    expected = squares / (2 * math.exp(2 * floor)) + 4 * (floor + 0.5 * math.log(2 * math.pi))
    torch.testing.assert_close(models.reconstruction_error(model, x), expected)


def test_a_point_has_no_spread_and_no_kl() -> None:
    posterior = models.create("ae", shape=(4,)).encode(batch((4,)))
    assert posterior.spread is None
    assert posterior.kl_per_axis() is None
    assert posterior.kl().tolist() == [0.0] * 3
    assert torch.equal(posterior.sample(), posterior.mean)


def test_the_likelihood_follows_the_data_and_can_be_chosen() -> None:
    assert models.create("vae", shape=(1, 8, 8)).convention == "Bernoulli on grey targets"
    assert models.create("vae", shape=(4,)).convention == "Gaussian"
    grey = models.create("vae", shape=(4,), likelihood="bernoulli").decode(100 * torch.randn(9, 2))
    assert ((grey >= 0) & (grey <= 1)).all()
    assert models.create("vae", shape=(1, 8, 8), likelihood="gaussian").convention == "Gaussian"


@pytest.mark.parametrize(
    ("error", "name", "arguments", "says"),
    [
        (UnknownModel, "nonsense", {"shape": (4,)}, "choose from ae, vae"),
        (BadOption, "vae", {"shape": (2, 8, 8)}, "1 or 3 channels"),
        (BadOption, "vae", {"shape": (8, 8)}, "(channels, height, width)"),
        (BadOption, "vae", {"shape": (1, 2, 8)}, "pixels a side"),
        (BadOption, "vae", {"shape": (0,)}, "(features,)"),
        (BadOption, "vae", {"shape": "digits"}, "(features,)"),
        (BadOption, "vae", {"shape": None}, "(features,)"),
        (BadOption, "vae", {"shape": (2.5,)}, "(features,)"),
        (BadOption, "vae", {"shape": (4,), "latent": 0}, "whole number from 1"),
        (BadOption, "vae", {"shape": (4,), "latent": 1.5}, "whole number from 1"),
        (BadOption, "vae", {"shape": (4,), "latent": "two"}, "whole number from 1"),
        (BadOption, "vae", {"shape": (4,), "seed": -1}, "whole number from 0"),
        (BadOption, "vae", {"shape": (4,), "beta": -1}, "a number from 0 to 100"),
        (BadOption, "vae", {"shape": (4,), "beta": math.nan}, "a number from 0 to 100"),
        (BadOption, "vae", {"shape": (4,), "body": "conv"}, "choose dense"),
        (BadOption, "vae", {"shape": (4,), "body": "big"}, "choose from auto, dense, conv"),
        (BadOption, "ae", {"shape": (4,), "beta": 1.0}, "has no option 'beta'"),
        (
            BadOption,
            "sphere-ae",
            {"shape": (4,), "latent": 1},
            "latent cannot be 1; give a whole number from 2",
        ),
        (
            BadOption,
            "sphere-vae",
            {"shape": (4,), "latent": 1},
            "latent cannot be 1; give a whole number from 2",
        ),
        (BadOption, "sphere-vae", {"shape": (4,), "latent": 4, "posterior": "vmf"}, "choose power-spherical"),
    ],
)
def test_what_cannot_be_made_is_said_in_one_sentence(
    error: type[ModelError], name: str, arguments: dict[str, object], says: str
) -> None:
    with pytest.raises(error) as caught:
        models.create(name, **arguments)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", models.names())
def test_options_can_all_be_given_and_name_their_bounds(name: str) -> None:
    options = models.options(name)
    defaults = {key: option.default for key, option in options.items()}
    assert models.create(name, shape=(4,), **defaults).config["width"] == 1.0
    assert models.create(name, shape=(4,), width=np.int64(2)).config["width"] == 2.0
    for option in options.values():
        assert option.help
        assert option.choices or (option.low is not None and option.high is not None)
    with pytest.raises(UnknownModel):
        models.options("nonsense")


@pytest.mark.parametrize("name", models.names())
@pytest.mark.parametrize("shape", [(3, 1, 8, 9), (1, 8, 8), (3, 64)])
def test_samples_of_another_shape_are_refused(name: str, shape: tuple[int, ...]) -> None:
    model = models.create(name, shape=(1, 8, 8))
    for act in (model.encode, model.loss, lambda x: models.reconstruction_error(model, x)):
        with pytest.raises(ShapeMismatch, match=r"\(1, 8, 8\)"):
            act(torch.zeros(shape))


@pytest.mark.parametrize("shape", [(5, 3), (5, 1)])
def test_codes_of_another_dimension_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatch, match=r"\(batch, 2\)"):
        models.create("vae", shape=(1, 8, 8)).decode(torch.zeros(shape))


@pytest.mark.parametrize(
    ("name", "weighs"),
    [("ae", set()), ("vae", {"beta", "free_bits"}), ("sphere-ae", set()), ("sphere-vae", {"beta"})],
)
def test_only_weights_of_the_loss_change_on_a_model_that_is_there(name: str, weighs: set[str]) -> None:
    options = models.options(name)
    assert {key for key, option in options.items() if option.loss_only} == weighs
    model = models.create(name, shape=(1, 8, 8), latent=3, seed=5)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    x = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    for key in weighs:
        other = models.reweighed(model, **{key: 7.0})
        assert (other.config[key], model.config[key]) == (7.0, options[key].default)
        assert all(torch.equal(value, before[name]) for name, value in other.state_dict().items())
        losses = [
            each.loss(x, torch.Generator().manual_seed(1)).terms["loss"].item() for each in (model, other)
        ]
        assert losses[0] != losses[1]
        with pytest.raises(BadOption, match=f"{key} cannot be -1"):
            models.reweighed(model, **{key: -1})
    for key in options.keys() - weighs:
        with pytest.raises(BadOption, match="create a new model"):
            models.reweighed(model, **{key: options[key].default})
    assert models.reweighed(model) is not model
