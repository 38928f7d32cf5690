"""The form in which pixels and samples travel to the browser."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping


def message(head: Mapping[str, object], body: bytes) -> bytes:
    """Pack a head and raw bytes: the head's length (4 bytes, little-endian), its JSON, the bytes."""
    text = json.dumps(head, allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + body
