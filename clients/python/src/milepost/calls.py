"""Calls without I/O: what to send, how an answer is read, and whether to try again. The two clients differ only in how they wait."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from .errors import FieldError, NotUnderstood, Refused
from .fix import Fix
from .models import Device, Position, Rejected, Reported, Vehicle

T = TypeVar("T")

MAX_FIXES = 10_000
"""The server takes this many positions in one request."""
MAX_WAIT_S = 60.0
"""A longer ``Retry-After`` is not waited for: the call fails with :class:`Refused`."""


@dataclass(frozen=True)
class Call(Generic[T]):
    """One request, and how its answer is read."""

    method: str
    path: str
    read: Callable[[Any], T]
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Attempts:
    """Decides whether a call that failed is made again. GETs are; POSTs are too, because each carries an Idempotency-Key or, as
    positions, is a duplicate when it comes twice."""

    limit: int
    made: int = 0

    def wait_after(self, refused: Refused | None) -> float | None:
        """Seconds until the next attempt, or ``None`` if there is none. ``refused`` is ``None`` if no answer came."""
        self.made += 1
        if self.made >= self.limit:
            return None
        if refused is None:
            return self._pause()
        if refused.status not in (429, 503):
            return None
        wait = self._pause() if refused.retry_after_s is None else refused.retry_after_s
        return wait if wait <= MAX_WAIT_S else None

    def _pause(self) -> float:
        return min(0.25 * 2.0**self.made, 10.0) * (0.5 + random.random())


def read_answer(call: Call[T], status: int, headers: Mapping[str, str], content: bytes) -> T:
    """The answer's value.

    Raises :class:`Refused` for an error of the server, :class:`NotUnderstood` for what is no answer of a Milepost server.
    """
    if status >= 400:
        raise refusal(status, headers, content)
    if status == 204:
        return call.read(None)
    try:
        return call.read(json.loads(content))
    except (ValueError, KeyError, TypeError) as error:
        raise NotUnderstood(f"{call.method} {call.path}: {error!r}") from error


def refusal(status: int, headers: Mapping[str, str], content: bytes) -> Refused:
    """The error that the server answered with."""
    try:
        problem = json.loads(content)
    except ValueError:
        problem = None
    if not isinstance(problem, dict):
        problem = {}
    errors = [FieldError(str(error.get("field")), str(error.get("message"))) for error in problem.get("errors") or []]
    title, detail = str(problem.get("title", "")), str(problem.get("detail", ""))
    return Refused(status, title, detail, errors, _seconds(headers.get("retry-after")))


def _seconds(text: str | None) -> float | None:
    try:
        return None if text is None else max(0.0, float(text))
    except ValueError:
        return None


def _key() -> Mapping[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def _at(*parts: str) -> str:
    return "/api/v1/" + "/".join(quote(part, safe="") for part in parts)


def log_in(username: str, password: str, tenant: str | None) -> Call[tuple[str, str]]:
    """Access and refresh token."""
    body = {"username": username, "password": password, **({"tenant": tenant} if tenant else {})}
    return Call("POST", "/api/token", lambda answer: (answer["access"], answer["refresh"]), body=body)


def refresh(token: str) -> Call[str]:
    """A new access token."""
    return Call("POST", "/api/token/refresh", lambda answer: str(answer["access"]), body={"refresh": token})


def report(fixes: Iterable[Fix]) -> Iterator[tuple[int, Call[Reported]]]:
    """Requests of up to 10,000 fixes each, with the place of their first among all."""
    batch: list[Fix] = []
    start = 0
    for fix in fixes:
        batch.append(fix)
        if len(batch) == MAX_FIXES:
            yield start, _report(batch)
            start, batch = start + MAX_FIXES, []
    if batch:
        yield start, _report(batch)


def _report(batch: Sequence[Fix]) -> Call[Reported]:
    def read(answer: Any) -> Reported:
        rejected = [Rejected(int(each["index"]), str(each["detail"])) for each in answer["rejected"]]
        return Reported(int(answer["accepted"]), int(answer["duplicates"]), rejected)

    return Call("POST", _at("positions"), read, body=[fix.to_json() for fix in batch])


def none_acceptable(refused: Refused, count: int) -> Reported | None:
    """A batch of which no fix is acceptable is answered 422. It is read as a report in which all are rejected."""
    if refused.status != 422:
        return None
    return Reported(0, 0, [Rejected(index, refused.detail or refused.title) for index in range(count)])


def joined(parts: Iterable[tuple[int, Reported]]) -> Reported:
    """One report of several requests."""
    accepted, duplicates = 0, 0
    rejected: list[Rejected] = []
    for start, part in parts:
        accepted, duplicates = accepted + part.accepted, duplicates + part.duplicates
        rejected.extend(Rejected(start + each.index, each.detail) for each in part.rejected)
    return Reported(accepted, duplicates, rejected)


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list."""

    items: list[T]
    next: str | None


def page(path: str, read: Callable[[Any], T], cursor: str | None, params: Mapping[str, str]) -> Call[Page[T]]:
    """A page of a list, from a cursor on."""
    params = {**params, **({"cursor": cursor} if cursor else {})}
    return Call("GET", path, lambda answer: Page([read(item) for item in answer["items"]], answer["next"]), params)


def vehicles(cursor: str | None) -> Call[Page[Vehicle]]:
    """A page of the vehicles that the caller may see."""
    return page(_at("vehicles"), Vehicle.from_json, cursor, {"limit": "1000"})


def positions(vehicle_id: str, params: Mapping[str, str], cursor: str | None) -> Call[Page[Position]]:
    """A page of a vehicle's stored positions, oldest first."""
    return page(_at("vehicles", vehicle_id, "positions"), Position.from_json, cursor, {"limit": "1000", **params})


def vehicle(vehicle_id: str) -> Call[Vehicle]:
    """One vehicle."""
    return Call("GET", _at("vehicles", vehicle_id), Vehicle.from_json)


def add_vehicle(kind: str, label: str, fields: Mapping[str, object]) -> Call[Vehicle]:
    """A new vehicle."""
    body = {"kind": kind, "label": label, **fields}
    return Call("POST", _at("vehicles"), Vehicle.from_json, body=body, headers=_key())


def change_vehicle(vehicle_id: str, fields: Mapping[str, object]) -> Call[Vehicle]:
    """The vehicle with other values. What is ``None`` is taken away, what is not named stays."""
    return Call("PATCH", _at("vehicles", vehicle_id), Vehicle.from_json, body=dict(fields))


def remove_vehicle(vehicle_id: str) -> Call[None]:
    """Removes a vehicle."""
    return Call("DELETE", _at("vehicles", vehicle_id), lambda _: None)


def add_device(vehicle_id: str, fields: Mapping[str, object]) -> Call[Device]:
    """A new device and its key."""

    def read(answer: Any) -> Device:
        return Device(answer["id"], answer["vehicle_id"], answer.get("name"), answer.get("key"))

    return Call("POST", _at("devices"), read, body={"vehicle_id": vehicle_id, **fields}, headers=_key())
