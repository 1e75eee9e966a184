"""The walk of the README with a client that was generated from the OpenAPI document: it must have right types, and work."""

import os
from datetime import datetime, timezone
from typing import TypeVar

from milepost_client import AuthenticatedClient, Client
from milepost_client.api.devices import add_device
from milepost_client.api.login import issue_tokens
from milepost_client.api.positions import read_track, record_positions
from milepost_client.api.tenants import add_tenant
from milepost_client.api.users import add_user
from milepost_client.api.vehicles import add_vehicle, change_vehicle, get_vehicle
from milepost_client.models import (
    ChangeVehicle,
    Device,
    Login,
    NewDevice,
    NewPosition,
    NewUser,
    NewUserRole,
    NewVehicle,
    PagePosition,
    Problem,
    Recorded,
    Tenant,
    TokenPair,
    User,
    Vehicle,
)
from milepost_client.types import Unset

URL = os.environ["MILEPOST_URL"]
T = TypeVar("T")


def body(answer: object, kind: type[T]) -> T:
    """The answer, or a failure that shows the refusal."""
    if not isinstance(answer, kind):
        raise AssertionError(f"not a {kind.__name__}: {answer}")
    return answer


def main() -> None:
    superadmin = AuthenticatedClient(base_url=URL, token=os.environ["SUPERADMIN"])
    tenant = body(add_tenant.sync(client=superadmin, body=Tenant(id="walk-py", name="A walk")), Tenant)
    new_user = NewUser(username="ann-py", role=NewUserRole.ADMIN, tenant=tenant.id, password="open sesame")
    assert body(add_user.sync(client=superadmin, body=new_user), User).tenant == tenant.id

    login = Login(username="ann-py", password="open sesame")
    tokens = body(issue_tokens.sync(client=Client(base_url=URL), body=login), TokenPair)
    admin = AuthenticatedClient(base_url=URL, token=tokens.access)

    bus = NewVehicle(id="b1", kind="bus", label="Bus 1", license_plate="WB01AB1234", route="north")
    vehicle = body(add_vehicle.sync(client=admin, body=bus), Vehicle)
    assert vehicle.position is None
    device = body(add_device.sync(client=admin, body=NewDevice(vehicle_id=vehicle.id)), Device)
    assert not isinstance(device.key, Unset) and device.key is not None

    kiosk = AuthenticatedClient(base_url=URL, token=device.key, prefix="Device")
    at = datetime(2025, 1, 15, 10, 30, 45, 123000, tzinfo=timezone.utc)
    positions = [
        NewPosition(latitude=22.5726, longitude=88.3639, speed=45.5, heading=90, timestamp=at),
        NewPosition(latitude=22.573, longitude=88.365, timestamp=at.replace(minute=31)),
    ]
    sent = body(record_positions.sync(client=kiosk, body=positions, idempotency_key="a walk"), Recorded)
    assert (sent.accepted, sent.duplicates, sent.rejected) == (2, 0, [])

    page = body(read_track.sync(vehicle.id, client=admin, limit=1), PagePosition)
    assert (len(page.items), page.items[0].speed, page.items[0].timestamp) == (1, 45.5, at)
    assert page.next_ is not None
    rest = body(read_track.sync(vehicle.id, client=admin, limit=1, cursor=page.next_), PagePosition)
    assert rest.items[0].latitude == 22.573

    # This generator knows one form of an answer, JSON. Files come with the client's own httpx.
    file = admin.get_httpx_client().get(f"/api/v1/vehicles/{vehicle.id}/positions", params={"format": "gpx"})
    assert '<trkpt lat="22.5726" lon="88.3639">' in file.text

    changed = change_vehicle.sync(vehicle.id, client=admin, body=ChangeVehicle(label="Bus One"))
    changed = body(changed, Vehicle)
    assert (changed.label, changed.license_plate, changed.route) == ("Bus One", "WB01AB1234", "north")

    refused = body(get_vehicle.sync("none", client=admin), Problem)
    assert refused.status == 404
    print("the walk in Python is done")


main()
