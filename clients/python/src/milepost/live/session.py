"""Everything that goes over the connection, without I/O: what is followed, what is asked for, and the renewal of the credential."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import LiveError
from .connection import Connection, ConnectionState, Effect
from .facts import Facts
from .following import Following, Limits
from .vehicles import Vehicles, VehicleSet
from .wire import Json

REQUEST_LIMIT_S = 30.0
"""A request that takes longer is given up. What it asked for may have been done."""
RENEW_BEFORE_S = 60.0
"""A newer credential is brought this long before the present one expires, or when a fifth of its time is left."""
MIN_RENEW_S = 1.0


class Request:
    """Something that the server was asked for."""

    def __init__(self, deadline: float) -> None:
        self.answer: Json | None = None
        self.error: LiveError | None = None
        self.deadline = deadline
        self.wake: Callable[[], None] = lambda: None

    def take(self) -> Json | None:
        """The answer, or ``None`` before it came. Raises :class:`LiveError` if it was refused or lost."""
        if self.error is not None:
            raise self.error
        return self.answer


class Session:
    """Times are monotonic seconds."""

    def __init__(self, *, is_renewable: bool = False, chance: random.Random | None = None) -> None:
        self.vehicles = VehicleSet()
        self.wants_token = False
        """The credential expires soon: fetch another one and give it to :meth:`renew`."""
        self._chance = chance or random.Random()
        self._is_renewable = is_renewable
        self._following: list[Following[Any]] = []
        self._by_number: dict[int, Following[Any]] = {}
        self._last_number = 0
        # The facts of subscriptions whose end is not confirmed yet.
        self._ending: dict[int, str] = {}
        self._requests: dict[int, Request] = {}
        self._last_request = 0
        self._limits = Limits()
        self._expires_at: float | None = None
        self._renew_at: float | None = None
        self._renewal: Request | None = None
        self._sent_token: str | None = None
        self.connection = Connection(
            is_renewable=is_renewable,
            on_live=self._went_live,
            on_message=self._received,
            on_down=self._went_down,
            on_over=self._is_over,
            chance=self._chance,
        )

    @property
    def effects(self) -> deque[Effect]:
        """What is to be done, in this order."""
        return self.connection.effects

    @property
    def deadline(self) -> float | None:
        """When :meth:`tick` is to be called at the latest."""
        times = [self.connection.deadline, self._renew_at, *(request.deadline for request in self._requests.values())]
        times += [following.retry_at for following in self._following]
        return min((time for time in times if time is not None), default=None)

    @property
    def over(self) -> LiveError | None:
        """Why nothing can be followed any more."""
        is_over = self.connection.state in (ConnectionState.REFUSED, ConnectionState.CLOSED)
        return self.connection.error if is_over else None

    def tick(self, now: float) -> None:
        """Does what is due."""
        self.connection.tick(now)
        for following in self._following:
            if following.retry_at is not None and following.retry_at <= now:
                following.retry_at = None
                self.begin(following)
        for id in [id for id, request in self._requests.items() if request.deadline <= now]:
            self._answered(id, None, LiveError("timeout", "there was no answer"))
        if self._renew_at is not None and self._renew_at <= now:
            self.wants_token, self._renew_at = True, None
            # If that fails, again when a fifth of the rest is left.
            self._plan_renewal(now)

    def reconnect(self, now: float) -> None:
        """Tries again now."""
        for following in self._following:
            following.error = None
        self.connection.reconnect(now)

    def follow(self, following: Following[Any]) -> None:
        """Begins to follow something."""
        if isinstance(following, Facts):
            same = [other for other in self._following if isinstance(other, Facts) and other.topic.to == following.topic.to]
            if any(other.topic.id == following.topic.id for other in same):
                raise LiveError("taken", f"{following.topic.to} are followed already: close the other one first")
        self._following.append(following)
        if isinstance(following, Vehicles):
            self.vehicles.add(following)
        if self.over is not None:
            following.failed(self.over)
        self.begin(following)

    def request(self, message: Mapping[str, Any], now: float) -> Request:
        """Asks the server for something."""
        self._last_request += 1
        request = self._requests[self._last_request] = Request(now + REQUEST_LIMIT_S)
        if not self.connection.send({**message, "id": self._last_request}):
            self._answered(self._last_request, None, LiveError("lost", "there is no connection"))
        return request

    def renew(self, token: str | None, now: float) -> None:
        """Brings a newer credential, if it is one."""
        if token is not None and token != self._sent_token:
            self._sent_token = token
            self._renewal = self.request({"op": "auth", "token": token}, now)

    def begin(self, following: Following[Any]) -> None:
        """Subscribes, now or with the next connection."""
        if self.connection.state is not ConnectionState.LIVE:
            return
        if isinstance(following, Facts) and following.topic.family in self._ending.values():
            # Facts of the one before may still be on the way, and would come before those that this one resumes with.
            return
        # All before the first is sent: it is ready when all are.
        for request in following.requests(self._limits):
            self._last_number += 1
            following.numbers[self._last_number] = False
            self._by_number[self._last_number] = following
            self.connection.send({"op": "sub", "s": self._last_number, **request})

    def end(self, following: Following[Any]) -> None:
        """Unsubscribes. What still comes of it is passed over."""
        for number in following.numbers:
            self._by_number.pop(number, None)
            if self.connection.send({"op": "unsub", "s": number}) and isinstance(following, Facts):
                self._ending[number] = following.topic.family
        following.numbers.clear()

    def leave(self, following: Following[Any]) -> None:
        """Ends it for good."""
        if following in self._following:
            self._following.remove(following)
            self.end(following)
            if isinstance(following, Vehicles):
                self.vehicles.remove(following)

    def tell(self, following: Following[Any], message: Mapping[str, Any]) -> None:
        """Sends something about a subscription."""
        for number in following.numbers:
            self.connection.send({**message, "s": number})

    def _went_live(self, welcome: Json, now: float) -> None:
        limits = welcome.get("limits") or {}
        known = {name: int(limits[name]) for name in ("names", "message_bytes") if name in limits}
        self._limits = Limits(**known)
        self._expire(welcome.get("expires_in"), now)
        self.vehicles.connected()
        for following in list(self._following):
            following.error = None
            self.begin(following)

    def _went_down(self) -> None:
        self._by_number.clear()
        self._ending.clear()
        self._renew_at = self._expires_at = None
        self.wants_token = False
        for following in self._following:
            following.numbers.clear()
            following.retry_at = None
            following.disconnected()
        self.vehicles.disconnected()
        for id in list(self._requests):
            self._answered(id, None, LiveError("lost", "the connection was lost"))

    def _is_over(self, error: LiveError) -> None:
        for following in self._following:
            if error.code == "closed":
                following.end()
            else:
                following.failed(error)

    def _received(self, message: Json, now: float) -> None:
        op = message.get("op")
        if op == "vehicles":
            self.vehicles.set(message)
        elif op == "at":
            self.vehicles.move(message)
        elif op == "gone":
            self.vehicles.drop(message["ids"])
        elif op == "fact":
            for following in list(self._following):
                following.fact(message)
        elif op == "mark":
            for following in self._following:
                following.mark(message)
            if "m" in message:
                self.connection.send({"op": "seen", "m": message["m"]})
        elif op == "ok":
            self._accepted(message, now)
        elif op == "error" and "re" in message:
            self._answered(message["re"], None, _error_of(message))
        elif "s" in message:
            self._of_subscription(message, now)
        else:
            for following in self._following:
                following.message(message)

    def _of_subscription(self, message: Json, now: float) -> None:
        number, op = message["s"], message["op"]
        if op in ("ended", "error") and self._ending.pop(number, None) is not None:
            for waiting in self._following:
                if isinstance(waiting, Facts) and not waiting.numbers and waiting.retry_at is None:
                    self.begin(waiting)
        # What belongs to a subscription that has ended meanwhile is passed over.
        if (following := self._by_number.get(number)) is None:
            return
        if op == "items":
            following.items(message["items"])
        elif op == "ready":
            following.numbers[number] = True
            following.ready(message)
        elif op == "error":
            error = _error_of(message)
            del self._by_number[number]
            following.numbers.pop(number, None)
            if error.retry_ms is not None:
                self.end(following)
                following.retry_at = now + error.retry_ms / 1000.0
            following.failed(error)
        else:
            following.message(message)

    def _accepted(self, message: Json, now: float) -> None:
        if self._renewal is not None and self._requests.get(message.get("re", 0)) is self._renewal:
            self._expire(message.get("expires_in"), now)
        self._answered(message.get("re"), message, None)

    def _answered(self, id: Any, answer: Json | None, error: LiveError | None) -> None:
        if (request := self._requests.pop(id, None)) is not None:
            request.answer, request.error = answer, error
            request.wake()

    def _expire(self, seconds: float | None, now: float) -> None:
        self._renew_at = self._expires_at = None
        if seconds is not None and self._is_renewable:
            self._expires_at = now + seconds
            self._plan_renewal(now)

    def _plan_renewal(self, now: float) -> None:
        left = (self._expires_at or now) - now
        if left > 0:
            wait = max(left * 0.8, left - RENEW_BEFORE_S) - self._chance.random() * left * 0.05
            self._renew_at = now + max(MIN_RENEW_S, wait)


def _error_of(message: Json) -> LiveError:
    retry_ms = message.get("retry_ms")
    return LiveError(str(message["code"]), str(message["message"]), retry_ms if isinstance(retry_ms, (int, float)) else None)
