"""What can be followed, for both clients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .facts import Facts, Thing, Topic
from .session import Session
from .vehicles import Box, Members, Vehicles, View
from .wire import Dashboard, Delivery, Parcel, Presence

Names = str | Iterable[str]


def vehicles(session: Session, given: Mapping[str, Names | None], batch_ms: int | None) -> Vehicles:
    """All, or those with one of these names."""
    names = {field: [of] if isinstance(of, str) else list(of) for field, of in given.items() if of is not None}
    return Vehicles(session, session.vehicles, {"to": "vehicles", **_batch(batch_ms)}, names)


def view(session: Session, box: Box, batch_ms: int | None) -> View:
    """Those in a part of the map."""
    return View(session, session.vehicles, box, _batch(batch_ms))


def members(session: Session, request: Mapping[str, Any], filters: Mapping[str, Names | None], batch_ms: int | None) -> Members:
    """Those that the server names."""
    names = {field: [of] if isinstance(of, str) else list(of) for field, of in filters.items() if of is not None}
    known = {field: value for field, value in request.items() if value is not None}
    return Members(session, session.vehicles, {**known, **names, **_batch(batch_ms)})


def facts(session: Session, topic: Topic, after: str | None) -> Facts:
    """What happens."""
    return Facts(session, topic, after)


def parcel(session: Session, id: int) -> Thing[Parcel]:
    """One parcel and its driver."""
    return Thing(session, {"to": "parcel", "id": id}, ("parcel", "parcel_at", "parcel_zone"))


def delivery(session: Session, id: str) -> Thing[Delivery]:
    """One delivery."""
    return Thing(session, {"to": "delivery", "id": id}, ("delivery",))


def dashboard(session: Session) -> Thing[Dashboard]:
    """The fleet's figures."""
    return Thing(session, {"to": "dashboard"}, ("dashboard",))


def presence(session: Session) -> Thing[Presence]:
    """The number of connections."""
    return Thing(session, {"to": "presence"}, ("presence",))


def _batch(batch_ms: int | None) -> dict[str, int]:
    return {} if batch_ms is None else {"batch_ms": batch_ms}
