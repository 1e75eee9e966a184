"""A position to be reported."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone

AttributeValue = str | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A place at a time, as a receiver measured it. What is ``None`` is unknown.

    The server takes a fix of the same vehicle and time once, so that sending again is safe. Hence every fix has a time.
    """

    latitude: float
    """Degrees, -90 to 90."""
    longitude: float
    """Degrees, -180 to 180."""
    timestamp: datetime
    """With a zone."""
    vehicle_id: str | None = None
    """A device's key names its vehicle; others need this."""
    speed: float | None = None
    """km/h."""
    heading: float | None = None
    """Degrees from north, clockwise."""
    accuracy: float | None = None
    """Metres."""
    altitude: float | None = None
    """Metres."""
    odometer_km: float | None = None
    fuel_level_l: float | None = None
    ignition: bool | None = None

    def __post_init__(self) -> None:
        if self.timestamp.tzinfo is None:
            raise ValueError("timestamp needs a time zone: datetime.now(timezone.utc)")
        for name in ("latitude", "longitude", "speed", "heading", "accuracy", "altitude", "odometer_km", "fuel_level_l"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number")

    @classmethod
    def now(cls, latitude: float, longitude: float, **others: object) -> Fix:
        """A fix of this moment."""
        return cls(latitude=latitude, longitude=longitude, timestamp=datetime.now(timezone.utc), **others)  # type: ignore[arg-type]

    def to_json(self) -> Mapping[str, object]:
        """The body that the server takes."""
        names = (name for name in self.__slots__ if name != "timestamp")
        known = {name: value for name in names if (value := getattr(self, name)) is not None}
        at = self.timestamp.astimezone(timezone.utc)
        return {**known, "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"}
