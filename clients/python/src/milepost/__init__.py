"""Reports positions to a Milepost server, manages its vehicles, and follows them live."""

from .aio import AsyncClient
from .client import Client
from .errors import FieldError, MilepostError, NotUnderstood, Refused, Unreachable
from .fix import Fix
from .models import Device, Position, Rejected, Reported, Vehicle

__all__ = [
    "AsyncClient",
    "Client",
    "Device",
    "FieldError",
    "Fix",
    "MilepostError",
    "NotUnderstood",
    "Position",
    "Refused",
    "Rejected",
    "Reported",
    "Unreachable",
    "Vehicle",
]
