"""The tab History: the kept runs as a tree, the figures of the chosen one, and its commands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import panel as pn
import param
from panel.custom import JSComponent

from explorer.runtime.store.listing import Listing, Row
from explorer.runtime.store.records import EpochRecord, KeptState, RunRecord
from explorer.runtime.store.writer import owner
from explorer.session import Session
from explorer.session.history.history import RunArchive
from explorer.session.history.store_tasks import MOST_SENT, Chosen
from explorer.views.components.assets import script, styles
from explorer.views.components.binary_channel import pack


class RunTree(JSComponent):
    """Draws the runs as rows of a tree, the chosen one beside them; every press comes back as a message."""

    tree = param.Dict({}, doc="The rows, and what is said above them.")
    detail = param.Dict({}, doc="The chosen run; empty before one is chosen.")
    parcel = param.Bytes(b"", doc="A run as one file, with its name.")

    _esm = script("history/history")
    _stylesheets = styles("history/history")

    def __init__(self, answer: Callable[[dict[str, Any]], None], **params: Any) -> None:
        self._on_message = answer
        super().__init__(**params)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        self._on_message(data)


class HistoryView:
    """The runs of the store: searched, named, opened, compared, deleted, exported."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._shown: tuple[Any, ...] | None = None
        self._tree: RunTree | None = None
        self._sent: RunArchive | None = None
        self._upload: Path | None = None
        self.panel = pn.Column(sizing_mode="stretch_both", margin=0)
        history, opening = session.history, session.history.open_run
        # What a message of the browser does; it comes on the session's own thread.
        self._handlers: dict[str, Callable[[dict[str, Any]], object]] = {
            "look": lambda m: history.look(),
            "search": lambda m: setattr(history, "search", str(m["text"])[:200]),
            "trashed": lambda m: setattr(history, "trashed", bool(m["on"])),
            "more": lambda m: history.more(),
            "choose": lambda m: history.choose(str(m["run"])),
            "open": lambda m: opening.open(str(m["run"]), _epoch(m)),
            "branch": lambda m: opening.branch(str(m["run"]), _epoch(m)),
            "go_on": lambda m: opening.go_on(str(m["run"]), int(m.get("more") or 0)),
            "decline": lambda m: history.decline(),
            "mark": lambda m: history.mark(str(m["run"]), int(m["epoch"])),
            "unmark": lambda m: history.unmark(),
            "compare": lambda m: history.compare(str(m["run"]), int(m["epoch"])),
            "name": lambda m: history.edit(str(m["run"]), name=str(m["text"])),
            "note": lambda m: history.edit(str(m["run"]), note=str(m["text"])),
            "delete": lambda m: history.delete(str(m["run"])),
            "undo": lambda m: history.undo(),
            "restore": lambda m: history.restore(str(m["run"])),
            "sweep": lambda m: history.sweep(),
            "export": lambda m: history.export(str(m["run"])),
            "sent": lambda m: history.sent(),
            "import": self._receive,
        }

    def unfold(self) -> None:
        """Make what is in it, the first time that it is looked at."""
        if self._tree is None:
            self._tree = RunTree(self._on_message, sizing_mode="stretch_both", margin=0)
            self.panel.objects = [self._tree]
            self._session.history.look()
            self.refresh()

    def refresh(self) -> None:
        """Show the runs as they are now."""
        history, tree = self._session.history, self._tree
        if tree is None:
            return
        listing = history.listing.read()[1]
        on_map, wanted = history.open_run.on_map, history.open_run.wanted
        now = (listing, history.chosen, on_map, wanted, history.marked, history.undoable, history.offers)
        if history.archive is not self._sent:
            self._sent = history.archive
            tree.parcel = b"" if self._sent is None else pack({"name": self._sent.name}, self._sent.content)
        if now == self._shown or listing is None:
            return
        self._shown = now
        marked, undoable = history.marked, history.undoable
        tree.param.update(
            tree=_tree_data(listing, on_map)
            | {
                "offers": [_offer_data(record) for record in history.offers[:3]],
                "undo": "" if undoable is None else undoable.name,
                "status": "" if wanted is None else f"Opening {wanted.name} …",
            },
            detail={}
            if history.chosen is None
            else _detail_data(history.chosen, dict(listing.names), on_map)
            | {"marked": "" if marked is None else f"{marked.name}, epoch {marked.epoch}"},
        )

    def _on_message(self, data: dict[str, Any]) -> None:
        answer = self._handlers.get(data.get("kind", ""))
        if answer is not None:
            answer(data)

    def _receive(self, data: dict[str, Any]) -> None:
        """Take a piece of a file that is imported: it comes in pieces that no server finds too long."""
        session, size = self._session, int(data["size"])
        if size > MOST_SENT:
            session.state.say(
                f"{Path(data['name']).name} has {size / 1e6:,.0f} MB, and a browser sends at most "
                f"{MOST_SENT / 1e6:.0f} MB; use: latent-explorer runs import FILE"
            )
            return
        if int(data["at"]) == 0:
            self._upload = session.services.keep_upload(data["name"], b"")
        if self._upload is None:
            return
        with self._upload.open("ab") as file:
            file.write(data["bytes"])
        if self._upload.stat().st_size >= size:
            path, self._upload = self._upload, None
            session.history.take(path)


def _epoch(data: dict[str, Any]) -> int | None:
    epoch = data.get("epoch")
    return None if epoch is None else int(epoch)


def _tree_data(listing: Listing, on_map: tuple[str, int | None] | None) -> dict[str, Any]:
    names = dict(listing.names)
    inside = {row.record.id for row in listing.rows}
    return {
        "rows": [_row_data(row, names, inside, on_map) for row in listing.rows],
        "found": listing.found,
        "kept": listing.kept,
        "deleted": listing.trashed,
        "search": listing.query.search,
        "trashed": listing.query.trashed,
        "error": listing.error,
    }


def _row_data(
    row: Row, names: dict[str, str], inside: set[str], on_map: tuple[str, int | None] | None
) -> dict[str, Any]:
    record, last = row.record, row.last
    return {
        "run": record.id,
        "name": record.name,
        "note": record.note,
        "depth": row.branch.depth,
        "children": row.branch.children,
        "state": _state(record),
        "epochs": f"{record.epoch} / {record.plan['epochs']}",
        "data": f"{record.dataset['name']}, {record.model['name']} {record.model['latent']}-D",
        "samples": f"{record.samples:,}",
        "loss": _nats(last.terms),
        "held": _nats(last.held_out),
        "convention": record.convention,
        "when": record.created,
        "from": "" if record.parent in inside else _parent(record, names),
        "map": on_map is not None and on_map[0] == record.id,
    }


def _detail_data(
    chosen: Chosen, names: dict[str, str], on_map: tuple[str, int | None] | None
) -> dict[str, Any]:
    record, last = chosen.record, chosen.epochs[-1]
    data = record.dataset
    chosen_of = f"{record.samples:,} of {data['train']:,} training samples"
    convention = record.convention or "by the model's own likelihood"
    facts = [
        ("State", _state(record) + (f": {record.error}" if record.error else "")),
        ("Epochs", f"{record.epoch} of {record.plan['epochs']}"),
        ("Data", f"{data['name']}, {chosen_of}"),
        ("Model", f"{record.model['name']}, {record.model['latent']} dimensions"),
        ("Loss", f"{_nats(last.terms)} nats per sample"),
        ("Held out", f"{_nats(last.held_out)} nats per sample"),
        ("Likelihood", convention),
        ("Speed", f"{last.samples_per_second:,.0f} samples/s on {record.device}"),
        ("Plan", f"batches of {record.plan['batch_size']}, learning rate {record.plan['learning_rate']:g}, "
                 f"seed {record.plan['seed']}"),
        ("From", _parent(record, names) or "scratch"),
        ("Trained by", record.owner),
    ]  # fmt: skip
    return {
        "run": record.id,
        "name": record.name,
        "note": record.note,
        "facts": facts,
        "when": record.created,
        "last": record.epoch,
        "planned": record.plan["epochs"],
        "running": record.state is KeptState.RUNNING,
        "trashed": record.trashed is not None,
        "resumable": record.resumable,
        "thinned": any(_missing(epoch) for epoch in chosen.epochs),
        "map": on_map is not None and on_map[0] == record.id,
    }


def _missing(epoch: EpochRecord) -> bool:
    return epoch.weights is None


def _offer_data(record: RunRecord) -> dict[str, Any]:
    epochs = f"epoch {record.epoch} of {record.plan['epochs']}"
    return {"run": record.id, "text": f"“{record.name}” was interrupted at {epochs}."}


def _state(record: RunRecord) -> str:
    if record.state is KeptState.RUNNING and record.owner != owner():
        return "running elsewhere"
    return record.state.value


def _parent(record: RunRecord, names: dict[str, str]) -> str:
    if record.parent is None:
        return ""
    name = f"“{names[record.parent]}”" if record.parent in names else "a run that is gone"
    return name if record.parent_epoch is None else f"{name}, epoch {record.parent_epoch}"


def _nats(terms: Any) -> str:
    loss = None if terms is None else terms.get("loss")
    return "–" if loss is None else f"{loss:.2f}"
