"""The messages of the live protocol, version 1 (``docs/live-protocol.md``). Fields that a newer server adds are passed over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypedDict

Json = Mapping[str, Any]
"""An object with the names of the REST API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a vehicle is. What is ``None`` is unknown."""

    lat: float
    """Degrees north."""
    lon: float
    """Degrees east."""
    t: int
    """When the position was taken, Unix milliseconds."""
    speed: float | None = None
    """km/h."""
    heading: float | None = None
    """Degrees from north."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveVehicle:
    """A vehicle as it is now. It is replaced, not changed, when something of it changes."""

    id: str
    kind: str
    label: str
    status: str
    license_plate: str | None = None
    route: str | None = None
    driver_id: int | None = None
    place: Place | None = None
    """``None`` before the first position."""


_PLACE = [field.name for field in fields(Place)]
_VEHICLE = [field.name for field in fields(LiveVehicle) if field.name != "place"]


def place_of(json: Json) -> Place:
    """Reads a place, in a vehicle or beside its id."""
    return Place(**{name: json[name] for name in _PLACE if name in json})


def vehicle_of(json: Json) -> LiveVehicle:
    """Reads a vehicle."""
    place = json.get("place")
    known = {name: json[name] for name in _VEHICLE if name in json}
    return LiveVehicle(**known, place=None if place is None else place_of(place))


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened."""

    type: str
    """Such as ``alert.raised``."""
    data: Json
    """With the names of the REST API."""
    t: int
    """When the server stored it, Unix milliseconds."""
    cursor: str
    """To resume after it: give it as ``after``. It is opaque."""


@dataclass(frozen=True, slots=True)
class State:
    """What is true now. A loop gets it first, unless it resumes.

    Later it comes only with ``complete=False``: facts were missed that the server does not store any more, and this is what came of
    them.
    """

    items: Sequence[Json]
    """As the REST API answers them, the newest first, at most 1,000."""
    complete: bool
    cursor: str


FactOrState = Fact | State


@dataclass(frozen=True, slots=True)
class Changed:
    """A vehicle is new, or something of it changed."""

    vehicle: LiveVehicle


@dataclass(frozen=True, slots=True)
class Gone:
    """A vehicle was removed, or is not selected any more."""

    id: str


@dataclass(frozen=True, slots=True)
class Ready:
    """What the server has was given. It comes again after each lost connection, once all is true again."""


VehicleChange = Changed | Gone | Ready


class Delivery(TypedDict):
    """A delivery with everything."""

    id: str
    order_id: str
    status: str
    dropoff: Json
    place: Json | None
    eta_seconds: int | None
    eta: Json | None
    updated_at: int
    expires_at: int


class Parcel(TypedDict):
    """``op`` is ``parcel``: the parcel as it is. ``parcel_at``: where its driver is. ``parcel_zone``: that it came to one of its places."""

    op: str
    id: int


class Dashboard(TypedDict):
    """The fleet's figures of the last 24 hours."""

    active_vehicles: int
    total_trips: int
    distance_traveled: float
    fuel_consumed: float
    utilization_rate: float
    idle_minutes: float
    cost_per_km: float
    t: int


class Presence(TypedDict):
    """The number of connections of the tenant, on all nodes."""

    connections: int
