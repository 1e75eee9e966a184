"""The states of the one connection, without I/O: when to open it, whether it is dead, and when to come back.

Who drives it performs its effects in their order, tells it what came, and calls :meth:`Connection.tick` at :attr:`Connection.deadline`.
"""

from __future__ import annotations

import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..errors import LiveError
from . import advice
from .advice import Advice

OPENING_LIMIT_S = 10.0
GREETING_LIMIT_S = 5.0
QUIET_LIMIT_S = 6.5
"""Without a message for this long, the server is asked."""
PONG_LIMIT_S = 3.0
"""It has this long to say something. A dead connection is found within ten seconds in all."""
STABLE_AFTER_S = 10.0
"""A connection must last this long before the back-off begins anew."""


class ConnectionState(str, Enum):
    """Each state but the last two has a deadline."""

    OPENING = "opening"
    """The credential is fetched, and the socket opens."""
    GREETING = "greeting"
    """``hello`` was sent."""
    LIVE = "live"
    """The server has answered."""
    WAITING = "waiting"
    """The next attempt comes by itself."""
    REFUSED = "refused"
    """Only ``reconnect()`` tries again, such as with another token."""
    CLOSED = "closed"
    """By ``close()``, for good."""


@dataclass(frozen=True)
class Open:
    """Fetch the credential, open a socket, and say :meth:`Connection.opened`. ``refused`` is the token that was just refused."""

    attempt: int
    refused: str | None


@dataclass(frozen=True)
class Send:
    """Send this text."""

    attempt: int
    text: str


@dataclass(frozen=True)
class Close:
    """Close the socket. Nothing that it still brings counts."""

    attempt: int


Effect = Open | Send | Close


class Connection:
    """One connection after the other. Times are monotonic seconds. What an older attempt brings is passed over."""

    def __init__(
        self,
        *,
        is_renewable: bool,
        on_live: Callable[[Mapping[str, Any], float], None],
        on_message: Callable[[Mapping[str, Any], float], None],
        on_down: Callable[[], None],
        on_over: Callable[[LiveError], None],
        chance: random.Random,
    ) -> None:
        self.state = ConnectionState.WAITING
        self.error: LiveError | None = None
        """Why there is no connection; ``None`` while there is one."""
        self.welcome: Mapping[str, Any] | None = None
        self.effects: deque[Effect] = deque()
        self.deadline: float | None = 0.0
        self._is_renewable = is_renewable
        self._on_live, self._on_message, self._on_down, self._on_over = on_live, on_message, on_down, on_over
        self._chance = chance
        self._attempt = 0
        self._failures = 0
        self._is_open = False
        self._is_probing = False
        self._live_since = 0.0
        self._token: str | None = None
        self._refused: str | None = None

    def reconnect(self, now: float) -> None:
        """Tries again now: after a refusal, or instead of waiting."""
        if self.state in (ConnectionState.WAITING, ConnectionState.REFUSED):
            self._failures, self._refused = 0, None
            self._open(now)

    def close(self) -> None:
        """Ends it for good."""
        self._rest(ConnectionState.CLOSED, LiveError("closed", "the connection was closed"))

    def crash(self, error: LiveError) -> None:
        """Ends it for good, because of a fault."""
        self._rest(ConnectionState.CLOSED, error)

    def opened(self, attempt: int, hello: Mapping[str, Any], now: float) -> None:
        """The socket is open, and this is who we are."""
        if not self._is_current(attempt):
            return
        token = hello.get("token")
        if self._refused is not None and token == self._refused:
            self._rest(ConnectionState.REFUSED, self.error or LiveError("token", "the credential was refused"))
            return
        self._token = token
        self._enter(ConnectionState.GREETING, now + GREETING_LIMIT_S)
        self._write({"op": "hello", "v": 1, "flow": True, **hello})

    def received(self, attempt: int, text: str | bytes, now: float) -> None:
        """A message came."""
        if not self._is_current(attempt):
            return
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._failed(LiveError("malformed", "the server sent what is no JSON object"), now)
            return
        op = message.get("op")
        if self.state is ConnectionState.LIVE:
            self._heard(now)
        if op == "bye":
            self._ended(advice.of_bye(message), LiveError(str(message.get("why")), str(message.get("message", ""))), now)
        elif self.state is ConnectionState.LIVE:
            self._pass_on(message, now)
        elif op == "welcome":
            self.error = self._refused = None
            self.welcome = message
            self._live_since = now
            self.state = ConnectionState.LIVE
            self._heard(now)
            self._on_live(message, now)

    def closed(self, attempt: int, code: int, reason: str, now: float) -> None:
        """The socket was closed."""
        if self._is_current(attempt):
            known = advice.of_code(code)
            why = "token" if known.is_token else "refused" if known.is_refused else "lost"
            self._ended(known, LiveError(why, reason or f"the socket was closed with {code}"), now)

    def failed(self, attempt: int, error: LiveError, now: float, *, is_final: bool = False) -> None:
        """The socket did not open. ``is_final``: it will not either, with the same credential."""
        if not self._is_current(attempt):
            return
        if is_final:
            self._rest(ConnectionState.REFUSED, error)
        else:
            wait = None if error.retry_ms is None else error.retry_ms / 1000.0
            self._failed(error, now, None if wait is None else (wait, 2 * wait))

    def tick(self, now: float) -> None:
        """The deadline may have come."""
        if self.deadline is None or now < self.deadline:
            return
        if self.state is ConnectionState.WAITING:
            self._open(now)
        elif self.state is ConnectionState.LIVE and not self._is_probing:
            self._is_probing = True
            self.deadline = now + PONG_LIMIT_S
            self._write({"op": "ping"})
        else:
            self._failed(LiveError("timeout", f"there was no answer while {self.state.value}"), now)

    def send(self, message: Mapping[str, Any]) -> bool:
        """Returns whether the message was given to a live connection."""
        if self.state is not ConnectionState.LIVE:
            return False
        self._write(message)
        return True

    def _is_current(self, attempt: int) -> bool:
        return self._is_open and attempt == self._attempt

    def _open(self, now: float) -> None:
        self._drop()
        self._attempt += 1
        self._is_open = True
        self.effects.append(Open(self._attempt, self._refused))
        self._enter(ConnectionState.OPENING, now + OPENING_LIMIT_S)

    def _heard(self, now: float) -> None:
        self._is_probing = False
        self.deadline = now + QUIET_LIMIT_S

    def _pass_on(self, message: Mapping[str, Any], now: float) -> None:
        try:
            self._on_message(message, now)
        except (KeyError, TypeError, ValueError) as error:
            # A message that is not as described. What is held may be wrong since, and comes anew.
            self._failed(LiveError("malformed", f"{message.get('op')}: {error!r}"), now)

    def _ended(self, said: Advice, error: LiveError, now: float) -> None:
        if said.is_refused or (said.is_token and not self._is_renewable):
            self._rest(ConnectionState.REFUSED, error)
            return
        if said.is_token:
            self._refused = self._token
        self._failed(error, now, said.window_s)

    def _failed(self, error: LiveError, now: float, window_s: tuple[float, float] | None = None) -> None:
        if self.state is ConnectionState.LIVE and now - self._live_since >= STABLE_AFTER_S:
            self._failures = 0
        self.error = error
        own = advice.backoff_s(self._failures, self._chance)
        wait = own if window_s is None else self._chance.uniform(*window_s)
        self._failures += 1
        self._drop()
        self._enter(ConnectionState.WAITING, now + wait)

    def _rest(self, state: ConnectionState, error: LiveError) -> None:
        self._drop()
        self.error = error
        self._enter(state, None)
        self._on_over(error)

    def _drop(self) -> None:
        if self._is_open:
            self._is_open = False
            self.effects.append(Close(self._attempt))

    def _enter(self, state: ConnectionState, deadline: float | None) -> None:
        was_live = self.state is ConnectionState.LIVE
        self.state, self.deadline, self._is_probing = state, deadline, False
        if was_live:
            self._on_down()

    def _write(self, message: Mapping[str, Any]) -> None:
        self.effects.append(Send(self._attempt, json.dumps(message, ensure_ascii=False, separators=(",", ":"))))
