"""The live client that blocks. Its connection lives in a thread of its own, so that it stays while nobody waits for anything."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import LiveError
from . import follows
from .connection import ConnectionState
from .credential import Credential, TokenSource
from .driver import Driver
from .facts import ALERTS, EVENTS, NOTICES, RECORDS, TRIPS, Facts, Thing, Topic, cadet_topic
from .following import Following
from .follows import Names
from .reading import MovesView, Reading, ReadsFacts, ReadsThing, ReadsVehicles
from .session import Session
from .vehicles import Box, Vehicles, View
from .wire import Dashboard, Delivery, FactOrState, Json, Parcel, Presence, VehicleChange

F = TypeVar("F", bound=Following[Any])
T = TypeVar("T")
M = TypeVar("M", bound=Mapping[str, object])


class BlockingFollowed(Reading[F], Generic[F, T]):
    """Something that is followed: iterate over it with ``for``. It is followed until :meth:`close`, or the end of ``with``."""

    def __init__(self, following: F, live: Live) -> None:
        super().__init__(following, live._changed)
        self._live = live
        with live._changed:
            following.wake = live._changed.notify_all

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        return self._wait(None)

    def next(self, timeout_s: float | None = None) -> T:
        """The next thing. Raises :class:`TimeoutError` if none comes in time, and :class:`StopIteration` after :meth:`close`."""
        return self._wait(None if timeout_s is None else time.monotonic() + timeout_s)

    def _wait(self, deadline: float | None) -> T:
        with self._live._changed:
            while True:
                value: T | None = self._following.take()
                # Taking may begin a subscription again.
                if self._live._session.effects:
                    self._live._driver.kick()
                if value is not None:
                    return value
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError("nothing came in time")
                self._live._changed.wait(left)

    def close(self) -> None:
        """Ends it: loops over it end."""
        with self._live._changed:
            self._following.close()
        self._kick()

    def __enter__(self: S) -> S:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _kick(self) -> None:
        self._live._driver.kick()


S = TypeVar("S", bound=BlockingFollowed[Any, Any])


class BlockingVehicles(BlockingFollowed[Vehicles, VehicleChange], ReadsVehicles[Vehicles]):
    """The vehicles of a filter: the newest change of each. A loop that is slow does not get those that were replaced meanwhile."""


class BlockingView(BlockingFollowed[View, VehicleChange], ReadsVehicles[View], MovesView):
    """The vehicles in a part of the map."""


class BlockingFacts(BlockingFollowed[Facts, FactOrState], ReadsFacts):
    """The facts of a topic: what is true now, then each fact once and in order."""


class BlockingThing(BlockingFollowed[Thing[M], M], ReadsThing[M], Generic[M]):
    """One thing: the newest of each kind of message."""


class Live:
    """One connection to a Milepost server, and what is followed over it. Use it as a context manager.

    Give one of ``token`` (text, or a function that is called with the token that was just refused, if one was), ``key`` (a device's),
    ``link`` (the public link of a delivery) and ``username`` with ``password``. A connection that is lost or dead comes back by itself,
    and everything that is followed goes on: vehicles as they are then, facts with those that were missed.
    Several threads may use it.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | TokenSource | None = None,
        key: str | None = None,
        link: str | None = None,
        username: str | None = None,
        password: str | None = None,
        tenant: str | None = None,
    ) -> None:
        credential = Credential(url, token=token, key=key, link=link, username=username, password=password, tenant=tenant)
        self._session = Session(is_renewable=credential.is_renewable)
        # Held while the session is touched, and notified when something is there to be taken.
        self._changed = threading.Condition()
        self._driver = Driver(url, self._session, credential, self._changed)
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Live:
        with self._changed:
            self._session.reconnect(time.monotonic())
        self._thread = threading.Thread(target=self._run, name="milepost-live", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Ends the connection and every loop over it, for good."""
        with self._changed:
            self._session.connection.close()
        self._driver.kick()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._session.connection.state

    @property
    def error(self) -> LiveError | None:
        """Why there is no connection; ``None`` while there is one."""
        with self._changed:
            return self._session.connection.error

    def reconnect(self) -> None:
        """Tries again now: after a refusal, or instead of waiting."""
        with self._changed:
            self._session.reconnect(time.monotonic())
        self._driver.kick()

    def request(self, op: str, **fields: object) -> Json:
        """Asks the server for something, such as ``request("read", alert=id)``. Returns its answer, once what was asked for is durable.

        Raises :class:`milepost.LiveError` if the server refuses it, and if the connection is lost before there is an answer.
        """
        with self._changed:
            request = self._session.request({"op": op, **fields}, time.monotonic())
            request.wake = self._changed.notify_all
            self._driver.kick()
            while (answer := request.take()) is None:
                self._changed.wait()
            return answer

    def vehicles(
        self, *, ids: Names | None = None, routes: Names | None = None, kinds: Names | None = None, batch_ms: int | None = None
    ) -> BlockingVehicles:
        """All vehicles, or those with one of these ids, routes or kinds. ``batch_ms``: changes wait for each other for so long."""
        given = {"ids": ids, "routes": routes, "kinds": kinds}
        return BlockingVehicles(self._follow(follows.vehicles(self._session, given, batch_ms)), self)

    def view(self, box: Box, *, batch_ms: int | None = None) -> BlockingView:
        """The vehicles in a part of the map: west, south, east and north in degrees. The server covers somewhat more."""
        return BlockingView(self._follow(follows.view(self._session, box, batch_ms)), self)

    def near(
        self,
        lat: float,
        lon: float,
        *,
        limit: int | None = None,
        radius_m: float | None = None,
        kinds: Names | None = None,
        routes: Names | None = None,
        batch_ms: int | None = None,
    ) -> BlockingVehicles:
        """The vehicles nearest to a place, 20 of them unless told otherwise."""
        request = {"to": "near", "lat": lat, "lon": lon, "limit": limit, "radius_m": radius_m}
        members = follows.members(self._session, request, {"kinds": kinds, "routes": routes}, batch_ms)
        return BlockingVehicles(self._follow(members), self)

    def within(
        self,
        *,
        box: Box | None = None,
        geofence: int | None = None,
        geometry: Json | None = None,
        kinds: Names | None = None,
        routes: Names | None = None,
        batch_ms: int | None = None,
    ) -> BlockingVehicles:
        """The vehicles in a box, in a geofence by its number, or in a GeoJSON polygon."""
        request = {"to": "within", "box": box, "geofence": geofence, "geometry": geometry}
        members = follows.members(self._session, request, {"kinds": kinds, "routes": routes}, batch_ms)
        return BlockingVehicles(self._follow(members), self)

    def alerts(self, *, after: str | None = None) -> BlockingFacts:
        """Alerts. ``after``: the cursor of the last fact that was taken; what came after it is given first."""
        return self._facts(ALERTS, after)

    def trips(self, *, after: str | None = None) -> BlockingFacts:
        """Trips; those under way are current."""
        return self._facts(TRIPS, after)

    def events(self, *, after: str | None = None) -> BlockingFacts:
        """Crossings of geofences, harsh driving, services due."""
        return self._facts(EVENTS, after)

    def notices(self, *, after: str | None = None) -> BlockingFacts:
        """The user's own notifications and messages; the unread ones are current."""
        return self._facts(NOTICES, after)

    def cadet(self, id: int, *, after: str | None = None) -> BlockingFacts:
        """The records of one cadet."""
        return self._facts(cadet_topic(id), after)

    def records(self, *, after: str | None = None) -> BlockingFacts:
        """The records of all cadets, for staff."""
        return self._facts(RECORDS, after)

    def parcel(self, id: int) -> BlockingThing[Parcel]:
        """One parcel and its driver. ``op`` says which message it is: ``parcel``, ``parcel_at``, ``parcel_zone``."""
        return BlockingThing(self._follow(follows.parcel(self._session, id)), self)

    def delivery(self, id: str) -> BlockingThing[Delivery]:
        """One delivery, by its ``tracking_id``."""
        return BlockingThing(self._follow(follows.delivery(self._session, id)), self)

    def dashboard(self) -> BlockingThing[Dashboard]:
        """The fleet's figures of the last 24 hours."""
        return BlockingThing(self._follow(follows.dashboard(self._session)), self)

    def presence(self) -> BlockingThing[Presence]:
        """The number of connections of the tenant, on all nodes."""
        return BlockingThing(self._follow(follows.presence(self._session)), self)

    def _facts(self, topic: Topic, after: str | None) -> BlockingFacts:
        return BlockingFacts(self._follow(follows.facts(self._session, topic, after)), self)

    def _follow(self, following: F) -> F:
        with self._changed:
            self._session.follow(following)
        self._driver.kick()
        return following

    def _run(self) -> None:
        try:
            asyncio.run(self._driver.run())
        except Exception as error:
            with self._changed:
                self._session.connection.crash(LiveError("lost", repr(error)))
