"""The view that the user last had of a data set: brought back when it is opened, and saved as it changes."""

from __future__ import annotations

import logging
from dataclasses import fields, replace
from functools import partial
from time import perf_counter

from explorer.core.errors import SHOWN
from explorer.runtime.base import Base, Choice
from explorer.runtime.saved_views import Place, SavedView
from explorer.runtime.store.records import RunRecord
from explorer.services import Services
from explorer.session.map.view import MapView
from explorer.session.state import State
from explorer.session.tasks import Tasks

_log = logging.getLogger(__name__)

_AT_ONCE = ("label", "split", "kl")  # columns that take no time

_APART = 2.0  # seconds, at least, between two writings of a view


def opening(services: Services, user: str, choice: Choice) -> Base:
    """Return what a user's session opens a choice with: the run that was on the map last, else the newest.

    A model that was asked for by name is not replaced by a run of another one, and a run that was finished
    after the view was saved comes first.
    """
    found = services.views.find(user, choice.source) if user else None
    record = None if found is None else _run(services, found, choice)
    if found is not None and record is not None:
        try:
            return services.bases.opened(services.store, record, found.epoch, services.first)
        except SHOWN as error:
            _log.warning("the run on the last map cannot be opened: %s", error)
    return services.bases.get(choice, allow_import=choice == services.start)


def _run(services: Services, found: SavedView, choice: Choice) -> RunRecord | None:
    if not found.run or not any(services.store.version()):
        return None
    try:
        records = services.store.records()
    except SHOWN as error:
        _log.warning("the run on the last map is not looked for: %s", error)
        return None
    same_data = [run for run in records if run.finished and run.dataset["stamp"] == found.stamp]
    run = next((run for run in same_data if run.id == found.run), None)
    if run is None or any((other.ended or 0.0) > found.saved for other in same_data if other is not run):
        return None
    default = choice == Choice(choice.source)
    named = (choice.model, choice.latent) == (run.model["name"], run.model["latent"])
    return run if default or (named and not choice.options) else None


class LastView:
    """Saves what a user sees of each data set, and brings it back.

    Attributes
    ----------
    user
        Empty saves nothing.
    tab
        The open tab of the drawer, empty where it is closed; None before anything was said of it.
    restored
        How many views were brought back.
    """

    def __init__(self, state: State, tasks: Tasks, services: Services, view: MapView, user: str) -> None:
        self._state, self._tasks, self._services = state, tasks, services
        self._view = view
        self.user = user
        found = self._find(state.base)
        self.tab: str | None = None if found is None else found.tab
        self.restored = 0
        self._saved: SavedView | None = None
        self._wrote = -_APART

    def prepare(self) -> None:
        """Choose projection and colours before the first map is laid out, so that none is seen in others."""
        state, found = self._state, self._find(self._state.base)
        if found is None or state.scene is not None:
            return
        _preset(state, "projection", found.projection)
        if found.colour_by in _AT_ONCE:  # the map does not wait for the others
            _preset(state, "colour_by", found.colour_by)

    def restore(self) -> None:
        """Bring back what belongs to the data set that has come on the map."""
        state, found, scene = self._state, self._find(self._state.shown), self._state.scene
        if found is None or scene is None or found.stamp != scene.dataset.stamp:
            return
        if found.projection in state.param.projection.objects:
            state.choose_projection(found.projection)
        if found.colour_by in state.param.colour_by.objects:
            state.colour_by = found.colour_by
        if found.hidden:
            state.hide(frozenset(found.hidden))
        if found.selection is not None and len(found.selection) == len(scene.cloud):
            state.select(state.selection.joined(found.selection))
        if found.place is not None and scene.projection.name == found.projection:
            place = found.place
            self._view.go_to(place.x, place.y, place.scale)
        self.tab, self._saved = found.tab, found
        self.restored += 1

    def follow(self) -> None:
        """Save the view where it has changed, now and then. On the session's own thread."""
        now = perf_counter()
        if not self.user or now - self._wrote < _APART:
            return
        view = self._current()
        if view is not None and not _same(view, self._saved):
            self._wrote, self._saved = now, view
            self._tasks.send_straight(self._services.histories, "view", self._keep(view), _nothing)

    def save(self) -> None:
        """Save the view now, where it has changed. Any thread."""
        view = self._current() if self.user else None
        if view is not None and not _same(view, self._saved):
            self._saved = view
            self._keep(view)()

    def _keep(self, view: SavedView) -> partial[None]:
        return partial(self._services.views.keep, self.user, self._state.shown.choice.source, view)

    def _find(self, base: Base) -> SavedView | None:
        return self._services.views.find(self.user, base.choice.source) if self.user and base.source else None

    def _current(self) -> SavedView | None:
        state, scene, viewport = self._state, self._state.scene, self._view.viewport
        if scene is None or not state.shown.source:
            return None
        run, epoch = _on_map(state)
        place = self._saved.place if viewport is None and self._saved is not None else None
        if viewport is not None and not self._view.at_home:
            x, y = (viewport.x0 + viewport.x1) / 2, (viewport.y0 + viewport.y1) / 2
            place = Place(x, y, (viewport.x1 - viewport.x0) / viewport.width)
        return SavedView(
            scene.dataset.stamp,
            run,
            epoch,
            state.projection,
            state.colour_by,
            place,
            tuple(sorted(state.hidden)),
            state.selected,
            self.tab,
        )


def _on_map(state: State) -> tuple[str, int | None]:
    """Return the run of the store on the map; its epoch where that is not the newest of what is followed."""
    if state.origin is not None:
        return state.origin
    if state.run is not None:
        return state.run.kept or "", None
    return state.shown.kept or ("", None)


def _preset(state: State, name: str, value: str) -> None:
    parameter = state.param[name]
    if value and value not in parameter.objects:
        parameter.objects = [*parameter.objects, value]
    if value:
        setattr(state, name, value)


def _same(view: SavedView, other: SavedView | None) -> bool:
    if other is None:
        return False
    there = replace(view, saved=other.saved)
    return all(_equal(there, other, entry.name) for entry in fields(view))


def _equal(view: SavedView, other: SavedView, name: str) -> bool:
    mine, others = getattr(view, name), getattr(other, name)
    return mine is others or (name != "selection" and bool(mine == others))


def _nothing(_: object) -> None:
    """Do nothing more."""
