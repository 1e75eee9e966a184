"""Follows a Milepost server live: vehicles, alerts, trips, records, deliveries (``docs/live-protocol.md``)."""

from .aio import AsyncFacts, AsyncLive, AsyncThing, AsyncVehicles, AsyncView
from .connection import ConnectionState
from .threads import BlockingFacts, BlockingThing, BlockingVehicles, BlockingView, Live
from .wire import Changed, Dashboard, Delivery, Fact, Gone, LiveVehicle, Parcel, Place, Presence, Ready, State, VehicleChange

__all__ = [
    "AsyncFacts",
    "AsyncLive",
    "AsyncThing",
    "AsyncVehicles",
    "AsyncView",
    "BlockingFacts",
    "BlockingThing",
    "BlockingVehicles",
    "BlockingView",
    "Changed",
    "ConnectionState",
    "Dashboard",
    "Delivery",
    "Fact",
    "Gone",
    "Live",
    "LiveVehicle",
    "Parcel",
    "Place",
    "Presence",
    "Ready",
    "State",
    "VehicleChange",
]
