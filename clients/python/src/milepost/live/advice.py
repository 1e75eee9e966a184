"""Whether and when to come back after the server has ended a connection, without I/O."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BACKOFF_BASE_S = 0.5
BACKOFF_CAP_S = 30.0
MAX_WAIT_S = 3_600.0
"""The longest time that is waited on advice."""


@dataclass(frozen=True)
class Advice:
    """What the server said when it ended the connection."""

    is_refused: bool = False
    """Not again with the same credential and request."""
    is_token: bool = False
    """With another credential."""
    window_s: tuple[float, float] | None = None
    """After a random time between these. Without it, the client's own back-off counts."""


def of_bye(bye: Mapping[str, Any]) -> Advice:
    """Of the server's last message."""
    if bye.get("why") == "token":
        return Advice(is_token=True)
    window = bye.get("retry_ms")
    if not isinstance(window, list) or len(window) != 2:
        return Advice(is_refused=True)
    first, last = (min(max(float(ms), 0.0) / 1000.0, MAX_WAIT_S) for ms in window)
    return Advice(window_s=(first, max(first, last)))


def of_code(code: int) -> Advice:
    """Of a close without ``bye``, by the ranges of close codes."""
    if code == 4001:
        return Advice(is_token=True)
    if 4000 <= code < 4100 or code == 1009:
        return Advice(is_refused=True)
    if 4100 <= code < 4200:
        return Advice(window_s=(30.0, 60.0))
    if code == 1008:
        return Advice(window_s=(10.0, 30.0))
    return Advice(window_s=(1.0, 5.0)) if code in (1012, 1013) else Advice()


def backoff_s(attempt: int, chance: random.Random) -> float:
    """A random time, so that many clients come back spread out."""
    return chance.random() * min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt, 30))
