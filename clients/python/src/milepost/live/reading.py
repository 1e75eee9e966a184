"""What can be read of something that is followed, without waiting. The two clients add how they wait."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

from ..errors import LiveError
from .facts import Facts, Thing
from .following import Following
from .vehicles import Box, Vehicles, View
from .wire import Json, LiveVehicle

F = TypeVar("F", bound=Following[Any])
V = TypeVar("V", bound=Vehicles)
M = TypeVar("M", bound=Mapping[str, object])


class Reading(Generic[F]):
    """Reads under a guard: another thread may change what is followed."""

    def __init__(self, following: F, guard: AbstractContextManager[object]) -> None:
        self._following, self._guard = following, guard

    @property
    def is_ready(self) -> bool:
        """Whether it shows what the server has. It does not while there is no connection."""
        with self._guard:
            return self._following.is_ready

    @property
    def error(self) -> LiveError | None:
        """Why it has failed, or is tried again later."""
        with self._guard:
            return self._following.error


class ReadsVehicles(Reading[V], Generic[V]):
    """Of a filter over the vehicles."""

    @property
    def current(self) -> dict[str, LiveVehicle]:
        """What is selected now, by id."""
        with self._guard:
            return dict(self._following.current)


class MovesView(Reading[View]):
    """Of a part of the map."""

    def move(self, box: Box) -> None:
        """Shows another part of the map: west, south, east and north in degrees."""
        with self._guard:
            self._following.move(box)
        self._kick()

    def _kick(self) -> None:
        raise NotImplementedError


class ReadsFacts(Reading[Facts]):
    """Of a topic."""

    @property
    def current(self) -> list[Json]:
        """What is true now, the newest first. Empty while only what followed ``after`` is known."""
        with self._guard:
            return self._following.current

    @property
    def cursor(self) -> str | None:
        """After all that the loop has taken: it moves when the loop asks for the next thing. Keep it, to resume with ``after`` later."""
        with self._guard:
            return self._following.cursor

    @property
    def complete(self) -> bool:
        """False if facts were missed that the server does not store any more."""
        with self._guard:
            return self._following.complete


class ReadsThing(Reading[Thing[M]], Generic[M]):
    """Of one thing."""

    @property
    def current(self) -> M | None:
        """As it is now; ``None`` before it came."""
        with self._guard:
            return self._following.current
