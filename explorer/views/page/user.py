"""The user of a page: known by name where the server asks for one, else by a cookie of the browser."""

from __future__ import annotations

import secrets

import panel as pn

COOKIE = "latent-explorer-user"
LONGEST = 64  # characters of a cookie that this app has set
GUEST = "guest"  # whom Panel does not ask for a name: several people


def known_user() -> tuple[str, str]:
    """Return what tells this user from others, and the cookie to keep; none for one who has logged in."""
    named = pn.state.user
    if named and named != GUEST:
        return f"name {named}", ""
    cookie = pn.state.cookies.get(COOKIE, "")
    if not 0 < len(cookie) <= LONGEST:
        cookie = secrets.token_urlsafe(16)
    return f"cookie {cookie}", cookie
