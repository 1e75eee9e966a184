"""Drives a session with asyncio: opens its sockets, brings it what comes, and wakes it in time."""

from __future__ import annotations

import asyncio
import time
from contextlib import AbstractContextManager
from urllib.parse import urlsplit, urlunsplit

import websockets
from websockets.asyncio.client import ClientConnection, connect

from ..errors import LiveError, MilepostError, Refused
from .connection import OPENING_LIMIT_S, Close, ConnectionState, Open, Send
from .credential import Credential
from .session import Session

CLOSE_LIMIT_S = 1.0
"""The server has this long to answer the closing of a socket."""
MAX_MESSAGE_BYTES = 64 * 1024 * 1024
"""A larger message ends the connection."""


class Driver:
    """Runs in one event loop. ``guard`` is held while the session is touched: another thread may touch it too."""

    def __init__(self, url: str, session: Session, credential: Credential, guard: AbstractContextManager[object]) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise ValueError("url must be http://host or https://host, with or without a path")
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._address = urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + "/ws", "", ""))
        self._session, self._credential, self._guard = session, credential, guard
        self._loop: asyncio.AbstractEventLoop | None = None
        self._kicked = asyncio.Event()
        self._attempts: dict[int, _Attempt] = {}
        self._renewal: asyncio.Task[None] | None = None

    def kick(self) -> None:
        """The session has something to do. From any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._kicked.set)

    async def run(self) -> None:
        """Until the session is closed."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                self._kicked.clear()
                with self._guard:
                    self._session.tick(time.monotonic())
                    effects = list(self._session.effects)
                    self._session.effects.clear()
                    deadline = self._session.deadline
                    is_closed = self._session.connection.state is ConnectionState.CLOSED
                    wants_token, self._session.wants_token = self._session.wants_token, False
                for effect in effects:
                    self._perform(effect)
                if is_closed:
                    return
                if wants_token and (self._renewal is None or self._renewal.done()):
                    self._renewal = asyncio.create_task(self._renew())
                timeout = None if deadline is None else max(0.0, deadline - time.monotonic())
                try:
                    await asyncio.wait_for(self._kicked.wait(), timeout)
                except asyncio.TimeoutError:
                    pass
        finally:
            tasks = [attempt.task for attempt in self._attempts.values()]
            if self._renewal is not None:
                tasks.append(self._renewal)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._credential.close()

    def _perform(self, effect: Open | Send | Close) -> None:
        if isinstance(effect, Open):
            self._attempts[effect.attempt] = _Attempt(self, effect)
            return
        attempt = self._attempts.get(effect.attempt)
        if attempt is None:
            return
        if isinstance(effect, Send):
            attempt.outgoing.put_nowait(effect.text)
        else:
            attempt.task.cancel()

    async def _renew(self) -> None:
        try:
            token = await self._credential.token(None)
        except (MilepostError, OSError):
            return  # It is tried again, and in the end the server says that it has expired.
        with self._guard:
            self._session.renew(token, time.monotonic())
        self.kick()


class _Attempt:
    """One socket."""

    def __init__(self, driver: Driver, effect: Open) -> None:
        self.number = effect.attempt
        self.outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._driver = driver
        self.task = asyncio.create_task(self._run(effect.refused))
        self.task.add_done_callback(lambda task: self._ended(task))

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._driver._attempts.pop(self.number, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(LiveError("lost", repr(error)))

    async def _run(self, refused: str | None) -> None:
        driver = self._driver
        try:
            hello = await driver._credential.hello(refused)
        except Refused as error:
            is_final = 400 <= error.status < 500 and error.status != 429
            self._failed(LiveError("token", str(error)), is_final=is_final)
            return
        except Exception as error:
            self._failed(LiveError("token_source", repr(error)))
            return
        try:
            async with connect(
                driver._address,
                open_timeout=OPENING_LIMIT_S,
                close_timeout=CLOSE_LIMIT_S,
                ping_interval=None,  # The protocol has its own.
                max_size=MAX_MESSAGE_BYTES,
            ) as socket:
                self._tell_opened(hello)
                await self._exchange(socket)
        except websockets.InvalidStatus as error:
            self._failed(LiveError("handshake", f"the server answered {error.response.status_code}", _retry_ms(error)))
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException) as error:
            self._failed(LiveError("unreachable", repr(error)))

    async def _exchange(self, socket: ClientConnection) -> None:
        driver, session = self._driver, self._driver._session
        writing = asyncio.create_task(self._write(socket))
        try:
            while True:
                text = await socket.recv()
                with driver._guard:
                    session.connection.received(self.number, text, time.monotonic())
                driver._kicked.set()
        except websockets.ConnectionClosed as closed:
            code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
            with driver._guard:
                session.connection.closed(self.number, code, reason, time.monotonic())
            driver._kicked.set()
        finally:
            writing.cancel()

    async def _write(self, socket: ClientConnection) -> None:
        try:
            while True:
                await socket.send(await self.outgoing.get())
        except websockets.ConnectionClosed:
            pass  # The reading side says so.

    def _tell_opened(self, hello: object) -> None:
        assert isinstance(hello, dict)
        with self._driver._guard:
            self._driver._session.connection.opened(self.number, hello, time.monotonic())
        self._driver._kicked.set()

    def _failed(self, error: LiveError, *, is_final: bool = False) -> None:
        with self._driver._guard:
            self._driver._session.connection.failed(self.number, error, time.monotonic(), is_final=is_final)
        self._driver._kicked.set()


def _retry_ms(error: websockets.InvalidStatus) -> float | None:
    try:
        return float(error.response.headers["Retry-After"]) * 1000.0
    except (KeyError, ValueError):
        return None
