"""The live client for asyncio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import nullcontext
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


class AsyncFollowed(Reading[F], Generic[F, T]):
    """Something that is followed: iterate over it with ``async for``. It is followed until :meth:`close`, or the end of ``async with``."""

    def __init__(self, following: F, driver: Driver) -> None:
        super().__init__(following, nullcontext())
        self._driver = driver
        self._woken = asyncio.Event()
        following.wake = self._woken.set

    def __aiter__(self) -> AsyncIterator[T]:
        return self

    async def __anext__(self) -> T:
        while True:
            self._woken.clear()
            try:
                value: T | None = self._following.take()
            except StopIteration:
                raise StopAsyncIteration from None
            # Taking may begin a subscription again.
            self._driver.kick()
            if value is not None:
                return value
            await self._woken.wait()

    async def next(self, timeout_s: float | None = None) -> T:
        """The next thing. Raises :class:`TimeoutError` if none comes in time."""
        try:
            return await asyncio.wait_for(self.__anext__(), timeout_s)
        except asyncio.TimeoutError:
            raise TimeoutError("nothing came in time") from None

    def close(self) -> None:
        """Ends it: loops over it end."""
        self._following.close()
        self._driver.kick()

    async def __aenter__(self: S) -> S:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _kick(self) -> None:
        self._driver.kick()


S = TypeVar("S", bound=AsyncFollowed[Any, Any])


class AsyncVehicles(AsyncFollowed[Vehicles, VehicleChange], ReadsVehicles[Vehicles]):
    """The vehicles of a filter: the newest change of each. A loop that is slow does not get those that were replaced meanwhile."""


class AsyncView(AsyncFollowed[View, VehicleChange], ReadsVehicles[View], MovesView):
    """The vehicles in a part of the map."""


class AsyncFacts(AsyncFollowed[Facts, FactOrState], ReadsFacts):
    """The facts of a topic: what is true now, then each fact once and in order."""


class AsyncThing(AsyncFollowed[Thing[M], M], ReadsThing[M], Generic[M]):
    """One thing: the newest of each kind of message."""


class AsyncLive:
    """One connection to a Milepost server, and what is followed over it. Use it as an async context manager.

    Give one of ``token`` (text, or a function that is called with the token that was just refused, if one was), ``key`` (a device's),
    ``link`` (the public link of a delivery) and ``username`` with ``password``. A connection that is lost or dead comes back by itself,
    and everything that is followed goes on: vehicles as they are then, facts with those that were missed.
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
        self._driver = Driver(url, self._session, credential, nullcontext())
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> AsyncLive:
        self._session.reconnect(time.monotonic())
        self._task = asyncio.create_task(self._driver.run())
        self._task.add_done_callback(self._ended)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends the connection and every loop over it, for good."""
        self._session.connection.close()
        self._driver.kick()
        if self._task is not None:
            await self._task

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._session.connection.crash(LiveError("lost", repr(error)))

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._session.connection.state

    @property
    def error(self) -> LiveError | None:
        """Why there is no connection; ``None`` while there is one."""
        return self._session.connection.error

    def reconnect(self) -> None:
        """Tries again now: after a refusal, or instead of waiting."""
        self._session.reconnect(time.monotonic())
        self._driver.kick()

    async def request(self, op: str, **fields: object) -> Json:
        """Asks the server for something, such as ``request("read", alert=id)``. Returns its answer, once what was asked for is durable.

        Raises :class:`milepost.LiveError` if the server refuses it, and if the connection is lost before there is an answer.
        """
        woken = asyncio.Event()
        request = self._session.request({"op": op, **fields}, time.monotonic())
        request.wake = woken.set
        self._driver.kick()
        if request.take() is None:
            await woken.wait()
        answer = request.take()
        assert answer is not None, "it wakes with an answer"
        return answer

    def vehicles(
        self, *, ids: Names | None = None, routes: Names | None = None, kinds: Names | None = None, batch_ms: int | None = None
    ) -> AsyncVehicles:
        """All vehicles, or those with one of these ids, routes or kinds. ``batch_ms``: changes wait for each other for so long."""
        given = {"ids": ids, "routes": routes, "kinds": kinds}
        return AsyncVehicles(self._follow(follows.vehicles(self._session, given, batch_ms)), self._driver)

    def view(self, box: Box, *, batch_ms: int | None = None) -> AsyncView:
        """The vehicles in a part of the map: west, south, east and north in degrees. The server covers somewhat more."""
        return AsyncView(self._follow(follows.view(self._session, box, batch_ms)), self._driver)

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
    ) -> AsyncVehicles:
        """The vehicles nearest to a place, 20 of them unless told otherwise."""
        request = {"to": "near", "lat": lat, "lon": lon, "limit": limit, "radius_m": radius_m}
        members = follows.members(self._session, request, {"kinds": kinds, "routes": routes}, batch_ms)
        return AsyncVehicles(self._follow(members), self._driver)

    def within(
        self,
        *,
        box: Box | None = None,
        geofence: int | None = None,
        geometry: Json | None = None,
        kinds: Names | None = None,
        routes: Names | None = None,
        batch_ms: int | None = None,
    ) -> AsyncVehicles:
        """The vehicles in a box, in a geofence by its number, or in a GeoJSON polygon."""
        request = {"to": "within", "box": box, "geofence": geofence, "geometry": geometry}
        members = follows.members(self._session, request, {"kinds": kinds, "routes": routes}, batch_ms)
        return AsyncVehicles(self._follow(members), self._driver)

    def alerts(self, *, after: str | None = None) -> AsyncFacts:
        """Alerts. ``after``: the cursor of the last fact that was taken; what came after it is given first."""
        return self._facts(ALERTS, after)

    def trips(self, *, after: str | None = None) -> AsyncFacts:
        """Trips; those under way are current."""
        return self._facts(TRIPS, after)

    def events(self, *, after: str | None = None) -> AsyncFacts:
        """Crossings of geofences, harsh driving, services due."""
        return self._facts(EVENTS, after)

    def notices(self, *, after: str | None = None) -> AsyncFacts:
        """The user's own notifications and messages; the unread ones are current."""
        return self._facts(NOTICES, after)

    def cadet(self, id: int, *, after: str | None = None) -> AsyncFacts:
        """The records of one cadet."""
        return self._facts(cadet_topic(id), after)

    def records(self, *, after: str | None = None) -> AsyncFacts:
        """The records of all cadets, for staff."""
        return self._facts(RECORDS, after)

    def parcel(self, id: int) -> AsyncThing[Parcel]:
        """One parcel and its driver. ``op`` says which message it is: ``parcel``, ``parcel_at``, ``parcel_zone``."""
        return AsyncThing(self._follow(follows.parcel(self._session, id)), self._driver)

    def delivery(self, id: str) -> AsyncThing[Delivery]:
        """One delivery, by its ``tracking_id``."""
        return AsyncThing(self._follow(follows.delivery(self._session, id)), self._driver)

    def dashboard(self) -> AsyncThing[Dashboard]:
        """The fleet's figures of the last 24 hours."""
        return AsyncThing(self._follow(follows.dashboard(self._session)), self._driver)

    def presence(self) -> AsyncThing[Presence]:
        """The number of connections of the tenant, on all nodes."""
        return AsyncThing(self._follow(follows.presence(self._session)), self._driver)

    def _facts(self, topic: Topic, after: str | None) -> AsyncFacts:
        return AsyncFacts(self._follow(follows.facts(self._session, topic, after)), self._driver)

    def _follow(self, following: F) -> F:
        self._session.follow(following)
        self._driver.kick()
        return following
