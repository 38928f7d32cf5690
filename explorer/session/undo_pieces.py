"""The pieces of a session that can be undone: selection, pins, model, colours and settings."""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterator

import param

from explorer.session.map.pins import Pin, Pins
from explorer.session.map.selection import SelectionTools
from explorer.session.state import State
from explorer.session.training.model_choice import ModelChoice
from explorer.session.training.model_draft import ModelDraft
from explorer.session.training.settings import TrainingSettings
from explorer.session.training.training import Standing, Training
from explorer.session.undo import Piece

_MAP = {
    "colour_by": "the colours",
    "draws": "the draws of the posterior",
    "dims": "the points on the back of the globe",
    "named": "the names on the map",
    "keeps_scale": "the scale of the map",
}
_TRAINING = {
    "mode": "the weights that a training starts from",
    "on": "what is trained on",
    "rest": "what the rest counts",
    "keep": "what becomes of a training without its page",
    "tensorboard": "TensorBoard files",
}
_PLAN = {
    "epochs": "the epochs",
    "batch_size": "the batch size",
    "learning_rate": "the learning rate",
    "seed": "the seed",
}


def pieces(
    state: State,
    selection: SelectionTools,
    pins: Pins,
    training: Training,
    model_choice: ModelChoice,
    settings: TrainingSettings,
) -> Iterator[Piece]:
    """Return what can be undone."""

    def dataset() -> Hashable:
        return None if state.scene is None else state.scene.dataset

    yield Piece(
        "the selection",
        lambda: state.selection,
        state.select,
        dataset,
        operator.is_,
        (state, "selection"),
        lambda: selection.drawing,
    )
    yield Piece("the pins", lambda: pins.pins, pins.restore, lambda: pins.space, _same_pins, (pins, "pins"))
    yield _model(training, model_choice, dataset)
    yield Piece(
        "the hidden classes",
        lambda: state.hidden,
        state.hide,
        lambda: (dataset(), None if state.colouring is None else state.colouring.classification),
        watched=(state, "hidden"),
    )
    yield Piece(
        "the projection",
        lambda: state.projection,
        state.choose_projection,
        lambda: tuple(state.param.projection.objects),
        watched=(state, "projection"),
    )
    yield _options(model_choice.draft)
    yield _parameter(selection, "how", "how selections are joined")
    for owner, names in ((state, _MAP), (settings, _TRAINING), (settings.plan, _PLAN)):
        for name, title in names.items():
            yield _parameter(owner, name, title)


def _model(training: Training, model_choice: ModelChoice, dataset: Callable[[], Hashable]) -> Piece:
    def write(standing: Standing) -> None:
        model_choice.stop()
        training.return_to(standing)

    return Piece("the model", lambda: training.standing, write, dataset, Standing.same)


def _options(draft: ModelDraft) -> Piece:
    """Return the draft of a model, which follows the model on the map: that is no change of the user's."""
    return Piece(
        "the model's options", lambda: draft.choice, draft.restore, lambda: draft.followed, steady=True
    )


def _parameter(owner: param.Parameterized, name: str, title: str) -> Piece:
    def offered() -> Hashable:
        objects = getattr(owner.param[name], "objects", None)
        return None if objects is None else tuple(objects)

    return Piece(
        title,
        lambda: getattr(owner, name),
        lambda value: setattr(owner, name, value),
        offered,
        watched=(owner, name),
        steady=True,
    )


def _same_pins(before: tuple[Pin, ...], after: tuple[Pin, ...]) -> bool:
    return [pin.number for pin in before] == [pin.number for pin in after]
