"""The explorer as a Python object: it shows itself in a notebook, and returns the selected samples."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import numpy as np
import pandas as pd
import panel as pn
import panel_material_ui as pmui

from explorer.core.datasets import Dataset
from explorer.core.latent.cloud import Cloud
from explorer.services import shared
from explorer.session import Session
from explorer.views.components.scheduling import document_scheduler
from explorer.views.page.page import View, page
from explorer.views.panel_internals import install
from models import Autoencoder

_NOTEBOOK_HEIGHT = 640  # pixels of a cell's output: enough for map and controls on a laptop's screen


class Explorer(pn.viewable.Viewer):
    """A data set and a model to explore: shows itself in a notebook; ``servable()`` in a served script.

    Parameters
    ----------
    data
        A data set, as `load_dataset` returns it.
    model
        An Autoencoder for samples of that shape; None makes a two-dimensional VAE and trains it if the
        data are small.
    cloud
        The data's codes under the model, if they are at hand: nothing is encoded then.

    Attributes
    ----------
    base
        The base that its sessions start from, for `Services.warm_up`.

    Raises
    ------
    DataError
        If the model takes samples of another shape.
    """

    def __init__(
        self, data: Dataset, model: Autoencoder | None = None, *, cloud: Cloud | None = None
    ) -> None:
        super().__init__()
        install()
        if pn.state.curdoc is None:
            # A notebook gets all scripts and styles from here, as a page does from its server: no other
            # host is asked. With each Explorer anew, since a page that was reloaded has lost them.
            pn.extension(inline=True)
        self._services = shared()
        self.base = self._services.bases.given(data, model, cloud)
        self._view: View | None = None
        self._joined = self._settled = False

    def page(self) -> pmui.Page:
        """Return the page of a new session on these data, for ``panel.serve``."""
        return page(self._services, self.base)

    def servable(self, *args: Any, **kwargs: Any) -> Any:
        """Serve the whole page, in a script that ``panel serve`` runs."""
        return self.page().servable(*args, **kwargs)

    def __panel__(self) -> Any:
        view = self._made()
        if pn.state.curdoc is None:
            # A cell's output begins complete: what is sent before the browser has built it gets lost.
            self._settled_session()
            view.refresh()
        sidebar = pn.Column(*view.sidebar, width=250, max_height=_NOTEBOOK_HEIGHT, scroll="y")
        return pn.Row(sidebar, view.workbench, sizing_mode="stretch_width", min_height=_NOTEBOOK_HEIGHT)

    @property
    def session(self) -> Session:
        """The session that the notebook's view shows, with all that can be done in it.

        Waits, the first time, until the data have been encoded and are on the map.
        """
        return self._settled_session()

    @property
    def selection(self) -> np.ndarray:
        """Indices of the selected samples into the data, training split first."""
        mask = self._selected()
        return np.flatnonzero(mask) if mask is not None else np.empty(0, dtype=np.int64)

    def selected_frame(self, *also: str) -> pd.DataFrame:
        """Return the selected samples as a DataFrame: labels, table columns in their units, codes, figures.

        Parameters
        ----------
        also
            More columns, such as "error", "density" or "agreement": those that take time are computed where
            they are named here, and are there by themselves once they have been computed.

        Raises
        ------
        UnknownName
            For a name that no column has.
        """
        mask, session = self._selected(), self.session
        n = len(session.state.scene.cloud) if session.state.scene is not None else 0
        return session.selection.table(np.zeros(n, dtype=bool) if mask is None else mask, also)

    def _selected(self) -> np.ndarray | None:
        """Return the mask of the selection, once what was asked for has been computed."""
        session = self.session
        session.pull()
        while session.selection.expression.busy:
            time.sleep(0.005)
            session.pull()
        return session.state.selected

    def _made(self) -> View:
        if self._view is None:
            view = self._view = View(Session(self._services, self.base))
            view.workbench.stylesheets = [f":host {{ --lx-height: {_NOTEBOOK_HEIGHT}px; --lx-side: 230px; }}"]
            view.session.state.param.watch(self._settle, ["scene", "error"])
            # A cell's output has no event for having been built, but the map speaks as soon as it is there.
            view.workbench.channel.on_msg(self._join)
        return self._view

    def _settled_session(self) -> Session:
        session = self._made().session
        while not self._settled:
            session.pull()
            time.sleep(0.005)  # the cell has the loop, so no bell can be heard
        return session

    def _join(self, _: object) -> None:
        if not self._joined:
            self._joined = True
            document = pn.state.curdoc
            if document is not None and document.session_context is not None:
                self._made().join(document_scheduler(document))
            else:
                self._made().join(asyncio.get_running_loop().call_soon_threadsafe)

    def _settle(self, _: object) -> None:
        self._settled = True
