"""The facts of one topic: the present state, and each fact once, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar, cast

from .following import Following, Limits, Sender
from .wire import Fact, Json, State

MAX_WAITING = 1_000
"""Facts that wait for the reader. When there are more, the topic is ended, and begun again after them once half of them are taken."""
MAX_ITEMS = 1_000
"""Items in the present state. When there are more, the oldest is left out."""


@dataclass(frozen=True)
class Topic:
    """A kind of facts, and what they change in the present state."""

    to: str
    prefixes: tuple[str, ...]
    id: int | None = None
    """The one thing that is followed."""
    key_of: Callable[[Json], str] = lambda item: ""
    apply: Callable[[dict[str, Json], str, Json], None] = lambda items, type, data: None
    is_over: Callable[[Json, int], bool] = lambda item, now_ms: False
    """Whether an item is not shown any more at this time of the server."""

    @property
    def family(self) -> str:
        """Of two topics with the same facts only one can be followed."""
        return self.prefixes[0]

    def holds(self, type: str, data: Json) -> bool:
        """Whether a fact belongs to it. Facts of unknown types may."""
        return type.startswith(self.prefixes) and (self.id is None or data.get("cadet_id") == self.id)


def _key(item: Json) -> str:
    return str(item["id"])


def _apply_alert(alerts: dict[str, Json], type: str, data: Json) -> None:
    id = str(data["id"])
    if type == "alert.raised":
        alerts[id] = data
    elif type == "alert.deleted":
        alerts.pop(id, None)
    elif type == "alert.read" and id in alerts:
        alerts[id] = {**alerts[id], "read": True, "read_at": data.get("read_at"), "read_by": data.get("read_by")}


def _is_expired(alert: Json, now_ms: int) -> bool:
    return datetime.fromisoformat(str(alert["expires_at"]).replace("Z", "+00:00")).timestamp() * 1000 <= now_ms


TRIP_PROGRESSED = "trip.progressed"


def _apply_trip(trips: dict[str, Json], type: str, data: Json) -> None:
    key = str(data["id"])
    if type == TRIP_PROGRESSED and key in trips:
        trips[key] = data
    elif type == "trip.changed" and data["status"] == "started":
        trips[key] = data
    elif type == "trip.changed":
        trips.pop(key, None)


def _notice_key(notice: Json) -> str:
    return f"{'message' if 'sender_id' in notice else 'notification'} {notice['id']}"


def _apply_notice(notices: dict[str, Json], type: str, data: Json) -> None:
    key = f"{type.partition('.')[0]} {data['id']}"
    if type.endswith(".sent"):
        notices[key] = data
    elif type.endswith(".read"):
        notices.pop(key, None)


_TOTALS = ("merit_points", "demerit_points", "attendance_present", "prelim_score", "midterm_score", "final_score")


def _apply_cadet(cadets: dict[str, Json], type: str, data: Json) -> None:
    if "" in cadets:
        cadets[""] = {**cadets[""], **{total: data[total] for total in _TOTALS if total in data}}


ALERTS = Topic("alerts", ("alert.",), key_of=_key, apply=_apply_alert, is_over=_is_expired)
TRIPS = Topic("trips", ("trip.",), key_of=_key, apply=_apply_trip)
EVENTS = Topic("events", ("geofence.", "driver.", "maintenance."))
NOTICES = Topic("notices", ("notification.", "message."), key_of=_notice_key, apply=_apply_notice)
_OF_RECORDS = ("grade.", "attendance.", "scores.", "sync_event")
RECORDS = Topic("records", _OF_RECORDS)


def cadet_topic(id: int) -> Topic:
    """One cadet with its totals."""
    return Topic("cadet", _OF_RECORDS, id=id, apply=_apply_cadet)


@dataclass
class _Waiting:
    value: Fact | State
    cursor: str


class Facts(Following[Fact | State]):
    """The facts of one topic, and what is true now."""

    def __init__(self, sender: Sender, topic: Topic, after: str | None) -> None:
        super().__init__(sender)
        self.topic = topic
        self.cursor = after
        """After all that the reader has taken: it moves when the reader asks for the next thing. Keep it to resume later."""
        self.complete = True
        """False if facts were missed that the server does not store any more. The items are right all the same."""
        self._items: dict[str, Json] = {}
        self._incoming: list[Json] = []
        self._came = after
        self._queue: deque[_Waiting] = deque()
        self._in_hand: _Waiting | None = None
        self._is_paused = False

    @property
    def current(self) -> list[Json]:
        """What is true now, the newest first. Empty while only what followed ``after`` is known."""
        return list(reversed(self._items.values()))

    def requests(self, limits: Limits) -> Sequence[Json]:
        """After all that came."""
        self._incoming = []
        if self._is_paused:
            return []
        named = {} if self.topic.id is None else {"id": self.topic.id}
        after = {} if self._came is None else {"after": self._came}
        return [{"to": self.topic.to, **named, **after}]

    def items(self, items: Sequence[Json]) -> None:
        """Of the state that comes with ``ready``."""
        self._incoming += items

    def ready(self, message: Json) -> None:
        """Everything after the cursor was sent, or what is true now, or both."""
        complete, cursor = bool(message.get("complete", True)), message.get("cursor")
        if cursor is not None and (self._came is None or not complete):
            self._came = cursor
            self._items = {self.topic.key_of(item): item for item in reversed(self._incoming)}
            self.complete = self.complete and complete
            self._push(State(self.current, complete, cursor), cursor)
        else:
            self._moved(cursor)
        self._incoming = []

    def fact(self, message: Json) -> None:
        """One that belongs to this topic is taken."""
        cursor, type, data = message["e"], message["type"], message["data"]
        if not self.numbers or not self.topic.holds(type, data):
            return
        self.topic.apply(self._items, type, data)
        while len(self._items) > MAX_ITEMS:
            del self._items[next(iter(self._items))]
        self._came = cursor
        self._push(Fact(type, data, message["t"], cursor), cursor)
        if len(self._queue) >= MAX_WAITING:
            self._is_paused = True
            self._sender.end(self)

    def message(self, message: Json) -> None:
        """A running trip as it is now. The log does not have it, so that it moves no cursor."""
        if message["op"] != "trip" or self.topic is not TRIPS or self._came is None:
            return
        data = message["data"]
        self.topic.apply(self._items, TRIP_PROGRESSED, data)
        # What a slow reader misses comes with the next one.
        if len(self._queue) < MAX_WAITING:
            self._push(Fact(TRIP_PROGRESSED, data, message["t"], self._came), self._came)

    def mark(self, message: Json) -> None:
        """The cursor moves without facts, and alerts expire."""
        # Before it is ready, what belongs to it may still be on the way.
        if not self.is_ready:
            return
        self._moved(message.get("cursor"))
        if (now_ms := message.get("t")) is not None:
            for key in [key for key, item in self._items.items() if self.topic.is_over(item, now_ms)]:
                del self._items[key]

    def _moved(self, cursor: str | None) -> None:
        if cursor is None:
            return
        self._came = cursor
        last = self._queue[-1] if self._queue else self._in_hand
        if last is None:
            self.cursor = cursor
        else:
            last.cursor = cursor

    def _push(self, value: Fact | State, cursor: str) -> None:
        self._queue.append(_Waiting(value, cursor))
        self.wake()

    def _next(self) -> Fact | State | None:
        if self._in_hand is not None:
            self.cursor, self._in_hand = self._in_hand.cursor, None
        if not self._queue:
            return None
        self._in_hand = self._queue.popleft()
        if self._is_paused and len(self._queue) <= MAX_WAITING // 2:
            self._is_paused = False
            self._sender.begin(self)
        return self._in_hand.value


T = TypeVar("T", bound=Mapping[str, object])


class Thing(Following[T]):
    """One parcel or delivery, the fleet's figures, or the presence: the newest of each kind of message."""

    def __init__(self, sender: Sender, request: Json, ops: tuple[str, ...]) -> None:
        super().__init__(sender)
        self.current: T | None = None
        """The newest of its first kind of message."""
        self._request = request
        self._ops = ops
        self._waiting: dict[str, T] = {}

    def requests(self, limits: Limits) -> Sequence[Json]:
        """One subscription."""
        return [self._request]

    def message(self, message: Json) -> None:
        """A message of its kinds, about it."""
        op, id = message["op"], self._request.get("id")
        if op not in self._ops or (id is not None and message["id"] != id):
            return
        if op == self._ops[0]:
            self.current = cast(T, message)
        # Each coming to a place, and each leaving of it, is a message of its own.
        self._waiting[f"{op} {message.get('zone')} {message.get('event')}"] = cast(T, message)
        self.wake()

    def _next(self) -> T | None:
        for key, message in self._waiting.items():
            del self._waiting[key]
            return message
        return None
