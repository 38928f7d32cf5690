"""The page: views side by side, one tick that refreshes them, and the end of a session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Protocol

import panel as pn
import panel_material_ui as pmui
from panel.io.resources import LOCAL_DIST

from explorer.runtime.base import Base
from explorer.runtime.concurrency.wakeups import Wakeup
from explorer.services import Services
from explorer.session import Session
from explorer.session.tasks import CODE, COMPARISON, FRAME, MAP
from explorer.views.compare.compare import CompareView
from explorer.views.components.scheduling import document_scheduler
from explorer.views.components.widgets import Line
from explorer.views.history.history import HistoryView
from explorer.views.history.offer import HistoryOffer
from explorer.views.history.timeline import TimeView
from explorer.views.inspect.axes import AxesView
from explorer.views.inspect.pinned import Pinned
from explorer.views.inspect.sample import SampleView
from explorer.views.inspect.traversals import TraversalsView
from explorer.views.map.latent_map import LatentMap
from explorer.views.map.map_controls import MapControls
from explorer.views.map.selection_controls import SelectionControls
from explorer.views.map.turn_controls import TurnControls
from explorer.views.page.run_menu import RunMenu
from explorer.views.page.tab_token import TabToken
from explorer.views.page.theme import THEME, UNSEEN, dark_before
from explorer.views.page.undo.undo_buttons import UndoButtons
from explorer.views.page.untrained_band import untrained
from explorer.views.page.user import known_user
from explorer.views.page.workbench import Workbench
from explorer.views.panel_internals import install, unfollow_busy
from explorer.views.samples.samples import SamplesView
from explorer.views.training.data_controls import DataControls
from explorer.views.training.metrics import Metrics
from explorer.views.training.training_controls import TrainingControls

# The last child of the scrolled part: it stays at the lower edge however far down the controls reach.
_IN_SIGHT = {
    "position": "sticky",
    "bottom": "0",
    "z-index": "2",
    "padding": "4px 0 6px",
    "background": "var(--mui-palette-background-paper, Canvas)",
    "border-top": "1px solid color-mix(in srgb, currentColor 15%, transparent)",
}


class Control(Protocol):
    """A part of the page that follows the session."""

    @property
    def panel(self) -> pn.viewable.Viewable:
        """Return what is on the page."""

    def refresh(self) -> None:
        """Show what is new in the session."""


class Tab(Control, Protocol):
    """A part of the page that is made when it is looked at first."""

    def unfold(self) -> None:
        """Make what is in it. Idempotent."""


class View:
    """One session on the screen."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._map = LatentMap(session)
        self._sample = SampleView(session)
        self._axes = AxesView(session)
        self._timeline = TimeView(session)
        self._compare, self._compared = CompareView(session), session.comparison.calls
        self._drawer: dict[str, Tab] = {
            "samples": SamplesView(session),
            "train": Metrics(session),
            "compare": self._compare,
            "axes": self._axes,
            "traversals": TraversalsView(session),
            "pinned": Pinned(session),
            "history": HistoryView(session),
        }
        training_controls = TrainingControls(session)
        self._map_controls = MapControls(session)
        self._controls: tuple[Control, ...] = (
            DataControls(session),
            self._map_controls,
            TurnControls(session),
            SelectionControls(session),
            HistoryOffer(session),
            training_controls,
        )
        self._status = Line("lx-status", colour="#fff")
        self._run, self._restored, self._unfolds = session.state.run, 0, False
        self._began = False
        self._wakeups: list[Wakeup] = []
        data, on_map, turning, selection, offer, training = (control.panel for control in self._controls)
        in_sight = pn.Column(
            offer, training_controls.actions, sizing_mode="stretch_width", margin=0, styles=_IN_SIGHT
        )
        self.sidebar = [data, on_map, turning, self._map.touch, selection, training, in_sight]
        tab = _first_tab(session)
        self.workbench = Workbench(
            open=bool(tab),
            tab=tab or "train",
            map=self._map.pane,
            channel=self._map.channel,
            legend=self._map_controls.strip,
            side=self._sample.panel,
            time=self._timeline.panel,
            **{name: view.panel for name, view in self._drawer.items()},
            sizing_mode="stretch_width",
            margin=0,
        )
        self._run_menu = RunMenu(session, self._show_history)
        self._undo_buttons = UndoButtons(session)
        self.workbench.on_msg(self._on_message)
        self.workbench.param.watch(self._on_error_dismissed, "error")
        self.workbench.param.watch(self._on_drawer, ["open", "tab"])
        self.workbench.param.watch(self._on_width, "narrow")
        self._status.pane.param.update(sizing_mode=None, align="center", margin=(0, 4, 0, 10))
        header = (self._status.pane, self._run_menu.panel, self._undo_buttons)
        self.header = [pn.Row(*header, align="center", margin=0)]

    def join(self, schedule: Callable[[Callable[[], None]], object]) -> None:
        """Begin to follow the session; `schedule` runs a tick with the document's lock. On its own loop."""
        # Frames and the pixels of maps touch no model of the document, so they wait for no lock.
        at_once = asyncio.get_running_loop().call_soon_threadsafe
        wakeups = self.session.services.wakeups
        bell = wakeups.join(schedule, self.refresh)
        channels = {
            FRAME: wakeups.join(at_once, self._sample.refresh_frame),
            MAP: wakeups.join(at_once, self._map.refresh_pixels),
            CODE: wakeups.join(at_once, self._axes.refresh_frame),
            COMPARISON: wakeups.join(at_once, self._compare.refresh_pixels),
        }
        self._wakeups = [bell, *channels.values()]
        self.session.join(bell.ring, {name: wakeup.ring for name, wakeup in channels.items()})

    def refresh(self) -> None:
        """Take over what is new, and send all that is not on the screen yet in one message."""
        session = self.session
        with pn.io.hold():
            session.pull()
            self._map.refresh()
            self._sample.refresh()
            self._timeline.refresh()
            for tab in self._drawer.values():
                tab.refresh()
            for control in self._controls:
                control.refresh()
            if self.workbench.narrow:
                self._map_controls.show_strip()
            self._run_menu.refresh()
            self._undo_buttons.refresh()
            self._show_status()
            self.workbench.counts = {
                "pinned": len(session.pins.pins),
                "history": len(session.history.offers),
            }
            self._open_curves()
            if session.comparison.calls != self._compared:
                self._compared = session.comparison.calls
                self.workbench.param.update(open=True, tab="compare")

    def close(self) -> None:
        """End the session and let go of everything that is shared. Idempotent, safe on any thread."""
        for wakeup in self._wakeups:
            wakeup.leave()
        self._map.close()
        self.session.close()

    def _open_curves(self) -> None:
        """Open the tab with the curves: of a stored run with the first map, of a training as it begins."""
        session, bench = self.session, self.workbench
        if session.state.scene is not None and not self._began:
            self._began = True  # the drawer opens with the first map: later it would move it under the hand
            stored = session.last_view.tab is None and session.state.shown.kept is not None
            if stored and not bench.narrow:
                bench.param.update(open=True, tab="train")
        if session.view.image.version and not self._unfolds:
            self._unfolds = True  # what is in the open tab does not hold up the first map
            if bench.open:
                self._on_drawer()
        if session.last_view.restored != self._restored:
            self._restored = session.last_view.restored
            tab = session.last_view.tab
            anew = tab == "compare"  # two models are chosen for that
            if tab in self._drawer and not anew and not bench.narrow:
                bench.param.update(open=True, tab=tab)
        if session.state.run is not self._run:
            self._run = session.state.run
            if session.state.run is not None and not session.comparison.shown and not bench.narrow:
                bench.param.update(open=True, tab="train")

    def _show_status(self) -> None:
        session = self.session
        scene = session.state.scene
        what = session.status
        if not what and scene is not None and not self.workbench.narrow:  # there the run's name has its place
            what = f"{scene.dataset.name} · {scene.model.name} {scene.model.latent}-D"
            if session.state.run is not None:
                what += f" · {session.state.run.state.name.lower()}"
            if self._timeline.sentence:
                what += f" · {self._timeline.sentence}"
        self._status.say(what)
        notice = {"text": session.undo.said, "times": session.undo.times}
        self.workbench.param.update(error=session.state.error, untrained=untrained(session), notice=notice)

    def _show_history(self) -> None:
        self.workbench.param.update(open=True, tab="history")

    def _on_message(self, event: Any) -> None:
        session = self.session
        gestures = {"train": session.train, "undo": session.undo.undo, "redo": session.undo.redo}
        gestures[event.data["kind"]]()

    def _on_drawer(self, *_: object) -> None:
        bench = self.workbench
        self.session.last_view.tab = bench.tab if bench.open else ""
        self.session.samples.shown = bench.open and bench.tab == "samples"
        self.session.monitor.shown = bench.open and bench.tab == "train"
        if bench.open and self._unfolds:
            self._drawer[bench.tab].unfold()
        looked_into = bench.open and bench.tab in ("axes", "traversals")
        self.session.latent_axes.shown = bench.tab if looked_into else ""
        self.session.comparison.shown = bench.open and bench.tab == "compare"

    def _on_width(self, _: Any) -> None:
        self.session.tasks.ring()  # what it takes is made with all that is new, in one message

    def _on_error_dismissed(self, event: Any) -> None:
        self.session.state.say(event.new)


def _first_tab(session: Session) -> str:
    """Return the tab that a page opens with: the last one, else the curves of a stored run; none is empty."""
    tab = session.last_view.tab
    if tab is None:
        return "" if session.state.base.kept is None else "train"
    return "" if tab == "compare" else tab  # two models are chosen for that anew


def page(services: Services, base: Base | None = None) -> pmui.Page:
    """Return the page of a new session. Every way of starting the app serves this page."""
    install()
    document = pn.state.curdoc
    assert document is not None, "a page is made while a document is served"
    # Panel says where its style sheets are when it renders the page. A session that is made anew for a
    # page that is already open (after a lost connection) is not rendered, and would ask the web for them.
    local = f"{pn.state.rel_path}/{LOCAL_DIST}" if pn.state.rel_path else LOCAL_DIST
    document.template_variables.setdefault("dist_url", local)
    user, cookie = known_user()
    view = View(Session(services, base, user))
    view.workbench.cookie = cookie
    tab_token = TabToken(view.session, view.workbench, document)

    async def ready() -> None:  # so that it runs on the loop, however many threads Panel has
        view.join(document_scheduler(document))
        tab_token.join()

    # A session takes part once its page has loaded: a visitor who leaves before costs nothing.
    pn.state.onload(ready)
    pn.state.on_session_destroyed(lambda _: view.close())
    made = pmui.Page(
        title="Latent Explorer",
        header=view.header,
        sidebar=view.sidebar,
        main=[view.workbench],
        sidebar_width=300,
        sidebar_resizable=False,
        busy_indicator=None,
        theme_config=THEME,
        dark_theme=dark_before(),
        sx={
            "& .MuiAppBar-root": {"backgroundColor": "#27425f", "backgroundImage": "none", "color": "#fff"},
            "& .MuiAppBar-root .MuiIconButton-root": {"color": "#fff"},
            "& .MuiToolbar-root": {"minHeight": "48px"},
            # On a narrow screen the data, the model and the run need the room.
            "& .title": {"fontSize": "18px", "@media (max-width: 500px)": UNSEEN},
        },
    )

    unfollow_busy(made)

    def follow_theme(event: Any) -> None:
        view.session.state.theme = "dark" if event.new else "light"

    made.param.watch(follow_theme, "dark_theme")
    view.session.state.theme = "dark" if made.dark_theme else "light"
    return made


def pages(services: Services, base: Base | None = None) -> Callable[[], pmui.Page]:
    """Return a function for ``panel.serve`` that makes the page of each new session."""

    def new_page() -> pmui.Page:
        return page(services, base)

    return new_page
