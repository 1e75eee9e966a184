"""One set of vehicles for the whole connection, and the filters over it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..errors import LiveError
from .following import Following, Limits, Sender
from .wire import Changed, Gone, Json, LiveVehicle, Ready, VehicleChange, place_of, vehicle_of

Box = tuple[float, float, float, float]
"""West, south, east and north in degrees; west lies east of east across the antimeridian."""
ROOM_FOR_FIELDS = 128
READY = ""
"""No vehicle has this id."""


class Vehicles(Following[VehicleChange]):
    """The vehicles that one filter selects: all, or those with one of its names."""

    def __init__(self, sender: Sender, every: VehicleSet, request: Mapping[str, Any], names: Mapping[str, Iterable[str]]) -> None:
        super().__init__(sender)
        self.current: dict[str, LiveVehicle] = {}
        """What is selected now, by id."""
        self._every = every
        self._request = dict(request)
        self._names = {field: frozenset(given) for field, given in names.items()}
        # The newest change of each vehicle, in the order in which they began to wait. It is bounded by the number of vehicles.
        self._waiting: dict[str, VehicleChange] = {}

    def selects(self, vehicle: LiveVehicle) -> bool:
        """Whether a vehicle belongs to it."""
        names = self._names
        return not names or (
            vehicle.id in names.get("ids", ())
            or (vehicle.route is not None and vehicle.route in names.get("routes", ()))
            or vehicle.kind in names.get("kinds", ())
        )

    def requests(self, limits: Limits) -> Sequence[Json]:
        """One subscription, or several for more names than one may hold."""
        if not self._names:
            return [self._request]
        parts: list[dict[str, list[str]]] = []
        names = size = 0
        for field, given in self._names.items():
            for name in sorted(given):
                bytes_ = len(json.dumps(name, ensure_ascii=False).encode()) + 1
                if not parts or names >= limits.names or size + bytes_ > limits.message_bytes - ROOM_FOR_FIELDS:
                    parts.append({})
                    names = size = 0
                parts[-1].setdefault(field, []).append(name)
                names, size = names + 1, size + bytes_
        return [{**self._request, **part} for part in parts]

    def update(self, id: str, vehicle: LiveVehicle | None) -> bool:
        """What is held of a vehicle changed. Returns whether it is selected."""
        if vehicle is not None and self.selects(vehicle):
            if self.current.get(id) != vehicle:
                self.current[id] = vehicle
                self._tell(id, Changed(vehicle))
            return True
        if self.current.pop(id, None) is not None:
            self._tell(id, Gone(id))
        return False

    def ready(self, message: Json) -> None:
        """All that is selected was given."""
        self._every.settle()

    def settled(self) -> None:
        """Everything is as the server has it."""
        self._tell(READY, Ready())

    def failed(self, error: LiveError) -> None:
        """What it alone waited for is not waited for any more."""
        super().failed(error)
        self._every.settle()

    def _tell(self, id: str, change: VehicleChange) -> None:
        self._waiting[id] = change
        self.wake()

    def _next(self) -> VehicleChange | None:
        for id, change in self._waiting.items():
            del self._waiting[id]
            return change
        return None


class View(Vehicles):
    """The vehicles in a part of the map."""

    def __init__(self, sender: Sender, every: VehicleSet, box: Box, batch: Mapping[str, int]) -> None:
        super().__init__(sender, every, {"to": "view", **batch}, {})
        self._box = box
        self._covers: Box | None = None

    def move(self, box: Box) -> None:
        """Shows another part of the map."""
        self._box = box
        self._sender.tell(self, {"op": "view", "box": list(box)})

    def selects(self, vehicle: LiveVehicle) -> bool:
        """Whether its place lies in what the server covers."""
        if self._covers is None or vehicle.place is None:
            return False
        west, south, east, north = self._covers
        lon = vehicle.place.lon
        between = west <= lon <= east if west <= east else lon >= west or lon <= east
        return between and south <= vehicle.place.lat <= north

    def requests(self, limits: Limits) -> Sequence[Json]:
        """With the present box."""
        return [{**self._request, "box": list(self._box)}]

    def message(self, message: Json) -> None:
        """What the server covers from now on."""
        if message["op"] == "covers":
            west, south, east, north = message["box"]
            self._covers = (west, south, east, north)
            self._every.compare(self)


class Members(Vehicles):
    """The vehicles nearest to a place, or in a region: the server says which."""

    def __init__(self, sender: Sender, every: VehicleSet, request: Mapping[str, Any]) -> None:
        super().__init__(sender, every, request, {})
        self._members: set[str] = set()
        # Those that a subscription names that is just beginning.
        self._coming: set[str] = set()

    def selects(self, vehicle: LiveVehicle) -> bool:
        """Whether the server named it."""
        return vehicle.id in self._members

    def requests(self, limits: Limits) -> Sequence[Json]:
        """It begins without any."""
        self._coming = set()
        return [self._request]

    def message(self, message: Json) -> None:
        """Which are selected from now on, and which not any more."""
        if message["op"] != "members":
            return
        self._coming |= set(message["in"])
        self._coming -= set(message["out"])
        # Before it is ready, those of the connection before count as well.
        self._members = set(self._coming) if self.is_ready else self._members | self._coming
        self._every.compare(self)

    def ready(self, message: Json) -> None:
        """All are named."""
        self._members = set(self._coming)
        self._every.compare(self)
        super().ready(message)


class VehicleSet:
    """The vehicles of all filters."""

    def __init__(self) -> None:
        self.held: dict[str, LiveVehicle] = {}
        self.filters: list[Vehicles] = []
        # What this connection has not named yet. It is dropped when all is ready.
        self._unnamed: set[str] = set()
        self._is_connected = False
        self._is_settled: set[Vehicles] = set()

    def add(self, vehicles: Vehicles) -> None:
        """Shows what is held to a new filter."""
        self.filters.append(vehicles)
        for id, vehicle in self.held.items():
            vehicles.update(id, vehicle)

    def remove(self, vehicles: Vehicles) -> None:
        """Drops what only this one selected."""
        self.filters.remove(vehicles)
        self._is_settled.discard(vehicles)
        self._drop_unselected()
        self.settle()

    def compare(self, vehicles: Vehicles) -> None:
        """A filter selects others from now on."""
        for id, vehicle in self.held.items():
            vehicles.update(id, vehicle)
        self._drop_unselected()

    def connected(self) -> None:
        """All that is held is to be named again."""
        self._unnamed = set(self.held)
        self._is_connected = True

    def disconnected(self) -> None:
        """Nothing is certain until all is ready again."""
        self._is_settled.clear()
        self._is_connected = False

    def set(self, message: Json) -> None:
        """Vehicles, whole."""
        for json_ in message["v"]:
            vehicle = vehicle_of(json_)
            self._unnamed.discard(vehicle.id)
            self._update(vehicle)

    def move(self, message: Json) -> None:
        """Where vehicles are now."""
        for json_ in message["p"]:
            if (held := self.held.get(json_["id"])) is not None:
                self._update(replace(held, place=place_of(json_)))

    def drop(self, ids: Iterable[str]) -> None:
        """These are gone."""
        for id in list(ids):
            self._unnamed.discard(id)
            if self.held.pop(id, None) is not None:
                for vehicles in self.filters:
                    vehicles.update(id, None)

    def settle(self) -> None:
        """If all is ready, what was not named is gone, and the filters show what the server has."""
        following = [vehicles for vehicles in self.filters if vehicles.error is None or vehicles.error.retry_ms is not None]
        if not self._is_connected or not all(vehicles.is_ready for vehicles in following):
            return
        self.drop(self._unnamed)
        for vehicles in following:
            if vehicles not in self._is_settled:
                self._is_settled.add(vehicles)
                vehicles.settled()

    def _update(self, vehicle: LiveVehicle) -> None:
        self.held[vehicle.id] = vehicle
        # A list: all of them are told.
        if not any([vehicles.update(vehicle.id, vehicle) for vehicles in self.filters]):
            del self.held[vehicle.id]

    def _drop_unselected(self) -> None:
        selected = {id for vehicles in self.filters for id in vehicles.current}
        self.drop(self.held.keys() - selected)
