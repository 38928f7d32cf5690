"""The sentence on the map of a model that nothing has trained."""

from __future__ import annotations

from explorer.session import Session
from explorer.views.components.widgets import duration


def untrained(session: Session) -> dict[str, object]:
    """Return what the band on the map says; nothing once anything was learnt, or is about to be."""
    if not session.state.untrained or session.model_choice.current is not None:
        return {}
    epochs, seconds = session.settings.plan.epochs, session.estimate.seconds
    about = "" if seconds is None else f", about {duration(max(1.0, seconds))}"
    listing = session.history.listing.read()[1]
    return {
        "plan": f"{epochs} epoch{'s' if epochs != 1 else ''}{about}",
        "runs": listing is not None and listing.kept > 0,
    }
