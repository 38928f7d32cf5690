"""One user's session: its state, and what follows from it. It knows no screen."""

from explorer.session.session import Session

__all__ = ["Session"]
