"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import TypeVar

import httpx

from . import calls, flow
from .calls import Call, Page
from .credentials import Credentials
from .fix import Fix
from .models import Device, Position, Reported, Vehicle
from .window import window

T = TypeVar("T")


class AsyncClient:
    """Calls a Milepost server, as :class:`milepost.Client` does. Use it as an async context manager, or call :meth:`close`.

    Give one of ``token``, ``key`` (a device's) and ``username`` with ``password``; a login is renewed by itself. A call that gets no
    answer, 429 or 503 is made again, up to ``tries`` times in all; every POST can come twice without being done twice.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str | None = None,
        key: str | None = None,
        username: str | None = None,
        password: str | None = None,
        tenant: str | None = None,
        tries: int = 5,
        timeout_s: float = 30.0,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        login = None if username is None else (username, password or "", tenant)
        self._credentials = Credentials(token, key, login)
        self._tries = tries
        self._http = http or httpx.AsyncClient(timeout=timeout_s)
        self._url = url.rstrip("/")

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections."""
        await self._http.aclose()

    async def report(self, fixes: Fix | Iterable[Fix]) -> Reported:
        """Reports positions. Those that are accepted are on the server's disk when this returns."""
        given = [fixes] if isinstance(fixes, Fix) else fixes
        return await self._run(flow.report(given, self._credentials, self._tries))

    def vehicles(self) -> AsyncIterator[Vehicle]:
        """Every vehicle that the caller may see."""
        return self._pages(calls.vehicles)

    async def vehicle(self, vehicle_id: str) -> Vehicle:
        """One vehicle with its last position."""
        return await self._make(calls.vehicle(vehicle_id))

    async def add_vehicle(self, kind: str, label: str, **fields: object) -> Vehicle:
        """Adds a vehicle. ``fields``: those of ``POST /api/v1/vehicles``, such as ``id``, ``route`` or ``license_plate``."""
        return await self._make(calls.add_vehicle(kind, label, fields))

    async def change_vehicle(self, vehicle_id: str, **fields: object) -> Vehicle:
        """Changes what is named; ``None`` takes a value away."""
        return await self._make(calls.change_vehicle(vehicle_id, fields))

    async def remove_vehicle(self, vehicle_id: str) -> None:
        """Removes a vehicle."""
        await self._make(calls.remove_vehicle(vehicle_id))

    def positions(
        self, vehicle_id: str, start: datetime | None = None, end: datetime | None = None, *, outliers: bool = False
    ) -> AsyncIterator[Position]:
        """The stored positions of a vehicle, oldest first. ``outliers``: also those that the server holds to be wrong."""
        params = window(start, end, outliers)
        return self._pages(lambda cursor: calls.positions(vehicle_id, params, cursor))

    async def add_device(self, vehicle_id: str, **fields: object) -> Device:
        """Adds a device. Its key is in the answer and is never shown again."""
        return await self._make(calls.add_device(vehicle_id, fields))

    @property
    def present_token(self) -> str | None:
        """The token that calls are made with."""
        return self._credentials.token

    async def fresh_token(self) -> str:
        """Renews the login, or logs in."""
        await self._run(flow.renew(self._credentials, self._tries))
        assert self._credentials.token is not None
        return self._credentials.token

    async def _pages(self, call: Callable[[str | None], Call[Page[T]]]) -> AsyncIterator[T]:
        cursor: str | None = None
        while True:
            page = await self._make(call(cursor))
            for item in page.items:
                yield item
            if (cursor := page.next) is None:
                return

    async def _make(self, call: Call[T]) -> T:
        return await self._run(flow.perform(call, self._credentials, self._tries))

    async def _run(self, steps: flow.Flow[T]) -> T:
        came: flow.Came = None
        while True:
            try:
                step = steps.send(came)
            except StopIteration as done:
                value: T = done.value
                return value
            came = None
            if isinstance(step, flow.Wait):
                await asyncio.sleep(step.seconds)
            else:
                came = await self._send(step)

    async def _send(self, send: flow.Send) -> flow.Came:
        call = send.call
        try:
            answer = await self._http.request(call.method, self._url + call.path, params=call.params, json=call.body, headers=send.headers)
        except httpx.TransportError as error:
            return flow.Failure(error)
        return flow.Answer(answer.status_code, answer.headers, answer.content)
