"""How a call is made, without I/O: a generator says what to send and how long to wait, and is told what came."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from . import calls
from .calls import Attempts, Call
from .credentials import Credentials
from .errors import Refused, Unreachable
from .fix import Fix
from .models import Reported

T = TypeVar("T")


@dataclass(frozen=True)
class Send:
    """Send this request, and answer with what came: an :class:`Answer`, or a :class:`Failure`."""

    call: Call[Any]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Wait:
    """Wait this long."""

    seconds: float


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True)
class Failure:
    """Why no answer came."""

    reason: Exception


Step = Send | Wait
Came = Answer | Failure | None
Flow = Generator[Step, Came, T]


def perform(call: Call[T], credentials: Credentials, tries: int) -> Flow[T]:
    """Makes a call: logs in first where that is due, once again if the token is refused, and tries again what may be tried."""
    if credentials.is_missing:
        yield from renew(credentials, tries)
    try:
        return (yield from _attempt(call, credentials, tries))
    except Refused as refused:
        if refused.status != 401 or not credentials.can_renew:
            raise
    yield from renew(credentials, tries)
    return (yield from _attempt(call, credentials, tries))


def _attempt(call: Call[T], credentials: Credentials | None, tries: int) -> Flow[T]:
    attempts = Attempts(tries)
    headers = credentials.headers() if credentials else {}
    while True:
        came = yield Send(call, {**headers, **call.headers})
        refused = None
        if isinstance(came, Answer):
            try:
                return calls.read_answer(call, came.status, came.headers, came.content)
            except Refused as error:
                if error.status == 404 and call.method == "DELETE" and attempts.made > 0:
                    return call.read(None)  # An earlier attempt removed it, and its answer was lost.
                refused = error
        wait = attempts.wait_after(refused)
        if wait is None:
            if refused is not None:
                raise refused
            raise Unreachable(f"{call.method} {call.path}") from (came.reason if isinstance(came, Failure) else None)
        yield Wait(wait)


def renew(credentials: Credentials, tries: int) -> Flow[None]:
    """Renews a login, or logs in."""
    if credentials.refresh_token is not None:
        try:
            credentials.token = yield from _attempt(calls.refresh(credentials.refresh_token), None, tries)
            return
        except Refused as refused:
            if refused.status != 401:
                raise
    assert credentials.login is not None, "only a login is renewed"
    credentials.token, credentials.refresh_token = yield from _attempt(calls.log_in(*credentials.login), None, tries)


def report(fixes: Iterable[Fix], credentials: Credentials, tries: int) -> Flow[Reported]:
    """Reports fixes in requests of up to 10,000. What was reported before a failure stays on the server's disk."""
    parts = []
    for start, call in calls.report(fixes):
        try:
            parts.append((start, (yield from perform(call, credentials, tries))))
        except Refused as refused:
            assert isinstance(call.body, list)
            if (none := calls.none_acceptable(refused, len(call.body))) is None:
                raise
            parts.append((start, none))
    return calls.joined(parts)
