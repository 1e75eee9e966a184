"""What is common to everything that is followed: its subscriptions, its status, and what waits for its reader."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from ..errors import LiveError
from .wire import Json

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """Of one connection."""

    names: int = 1_000
    """Ids, routes and kinds in one subscription."""
    message_bytes: int = 4_096


class Sender(Protocol):
    """What something that is followed asks of the session."""

    def begin(self, following: Following[Any]) -> None:
        """Subscribes, now or with the next connection."""

    def end(self, following: Following[Any]) -> None:
        """Ends the subscription. It may begin again."""

    def leave(self, following: Following[Any]) -> None:
        """It is not followed any more."""

    def tell(self, following: Following[Any], message: Mapping[str, Any]) -> None:
        """Sends something about a subscription, if there is one on this connection."""


class Following(ABC, Generic[T]):
    """One thing that is followed, until it is closed. It is one or several subscriptions of the connection."""

    def __init__(self, sender: Sender) -> None:
        self.numbers: dict[int, bool] = {}
        """Its subscriptions on this connection, and whether each is ready."""
        self.error: LiveError | None = None
        self.is_closed = False
        self.retry_at: float | None = None
        self.wake: Callable[[], None] = lambda: None
        """Called when something is there to be taken."""
        self._sender = sender

    @property
    def is_ready(self) -> bool:
        """Whether it shows what the server has."""
        return bool(self.numbers) and all(self.numbers.values())

    def take(self) -> T | None:
        """The next thing, or ``None`` if nothing waits.

        Raises :class:`StopIteration` once it is closed, and :class:`LiveError` once it has failed and all was taken.
        """
        if self.is_closed:
            raise StopIteration
        value = self._next()
        if value is None and self.error is not None and self.error.retry_ms is None:
            raise self.error
        return value

    def close(self) -> None:
        """Ends it. What waits is dropped."""
        if not self.is_closed:
            self._sender.leave(self)
            self.end()

    def end(self) -> None:
        """Nothing comes any more: its loops end."""
        self.is_closed = True
        self.wake()

    def failed(self, error: LiveError) -> None:
        """A subscription has ended, or all of them with the connection."""
        self.error = error
        self.wake()

    @abstractmethod
    def requests(self, limits: Limits) -> Sequence[Json]:
        """The subscriptions, but for ``op`` and ``s``. Called each time that they begin."""

    def ready(self, message: Json) -> None:
        """A subscription has given all that it has."""

    def items(self, items: Sequence[Json]) -> None:
        """Part of the present state."""

    def message(self, message: Json) -> None:
        """Another message of a subscription, or one that belongs to none by its number."""

    def fact(self, message: Json) -> None:
        """A fact of the connection, of whatever topic."""

    def mark(self, message: Json) -> None:
        """The server says how far it is, and what time it is."""

    def disconnected(self) -> None:
        """The connection is lost. What is held stays, until it is known better."""

    @abstractmethod
    def _next(self) -> T | None: ...
