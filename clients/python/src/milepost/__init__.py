"""Reports positions to a Milepost server, manages its vehicles, and follows them live."""

from .aio import AsyncClient
from .client import Client
from .errors import FieldError, LiveError, MilepostError, NotUnderstood, Refused, Unreachable
from .fix import Fix
from .live import AsyncLive, Changed, Fact, Gone, Live, LiveVehicle, Place, Ready, State
from .models import Device, Position, Rejected, Reported, Vehicle

__all__ = [
    "AsyncClient",
    "AsyncLive",
    "Changed",
    "Client",
    "Device",
    "Fact",
    "FieldError",
    "Fix",
    "Gone",
    "Live",
    "LiveError",
    "LiveVehicle",
    "MilepostError",
    "NotUnderstood",
    "Place",
    "Position",
    "Ready",
    "Refused",
    "Rejected",
    "Reported",
    "State",
    "Unreachable",
    "Vehicle",
]
