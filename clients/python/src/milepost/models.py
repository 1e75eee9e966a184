"""What the server answers. Fields that a newer server adds are left out; what is ``None`` is unknown or not set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, TypeVar

T = TypeVar("T")


def instant(text: str) -> datetime:
    """The time that the server wrote."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def _known(kind: type[T], json: Mapping[str, Any]) -> dict[str, Any]:
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    return {name: json[name] for name in names if name in json}


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A stored position."""

    vehicle_id: str
    latitude: float
    longitude: float
    timestamp: datetime
    speed: float | None = None
    """km/h."""
    heading: float | None = None
    accuracy: float | None = None
    altitude: float | None = None
    odometer_km: float | None = None
    fuel_level_l: float | None = None
    ignition: bool | None = None
    outlier: bool = False
    """The server holds it to be wrong."""

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> Position:
        """Reads the server's form."""
        return cls(**{**_known(cls, json), "timestamp": instant(json["timestamp"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A vehicle and its last position."""

    id: str
    kind: str
    label: str
    status: str
    license_plate: str | None = None
    route: str | None = None
    driver_id: int | None = None
    speed_limit_kmh: float | None = None
    fuel_l_per_100km: float | None = None
    fuel_price_per_l: float | None = None
    odometer_km: float | None = None
    position: Position | None = None

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> Vehicle:
        """Reads the server's form."""
        position = json.get("position")
        return cls(**{**_known(cls, json), "position": Position.from_json(position) if position else None})


@dataclass(frozen=True, slots=True)
class Rejected:
    """A fix that was not taken."""

    index: int
    """Its place among the reported ones."""
    detail: str


@dataclass(frozen=True, slots=True)
class Reported:
    """What became of reported fixes. Accepted ones are on the server's disk."""

    accepted: int
    duplicates: int
    rejected: list[Rejected]


@dataclass(frozen=True, slots=True)
class Device:
    """What reports for a vehicle."""

    id: str
    vehicle_id: str
    name: str | None
    key: str | None
    """Shown once, when the device is added."""
