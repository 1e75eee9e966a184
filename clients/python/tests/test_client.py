"""Both clients against a real server."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone

import pytest
from server import Server

from milepost import AsyncClient, Client, Fix, Refused, Unreachable

BEGIN = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)


def fixes(count: int, vehicle_id: str | None = None) -> list[Fix]:
    step = timedelta(seconds=1)
    return [
        Fix(latitude=52.5 + i * 1e-4, longitude=13.4, timestamp=BEGIN + i * step, speed=36.0, vehicle_id=vehicle_id) for i in range(count)
    ]


def admin(server: Server) -> Client:
    return Client(server.url, username=server.username, password=server.password)


def test_a_device_reports_and_the_track_is_read_back(server: Server) -> None:
    with admin(server) as office:
        bus = office.add_vehicle("bus", "Bus 7", id="bus-7", route="12")
        device = office.add_device(bus.id)
        assert device.key
        with Client(server.url, key=device.key) as tracker:
            assert tracker.report(fixes(5)).accepted == 5
            again = tracker.report(fixes(6))
            assert (again.accepted, again.duplicates) == (1, 5)
        track = list(office.positions("bus-7", start=BEGIN, end=BEGIN + timedelta(seconds=3)))
        assert [position.timestamp for position in track] == [BEGIN + timedelta(seconds=i) for i in range(len(track))]
        assert len(track) >= 3 and track[0].speed == 36.0
        seen = office.vehicle("bus-7")
        assert seen.position is not None and seen.position.timestamp == BEGIN + timedelta(seconds=5)
        assert office.change_vehicle("bus-7", route=None).route is None
        office.remove_vehicle("bus-7")
        assert [vehicle.id for vehicle in office.vehicles()] == []


def test_pages_are_followed(server: Server) -> None:
    with admin(server) as office:
        office.add_vehicle("car", "Car", id="car")
        assert office.report(fixes(2_500, "car")).accepted == 2_500
        assert len(list(office.positions("car"))) == 2_500


def test_what_is_wrong_with_a_fix_is_told_by_its_place(server: Server) -> None:
    with admin(server) as office:
        office.add_vehicle("car", "Car", id="car")
        bad = Fix(latitude=91.0, longitude=0.0, timestamp=BEGIN, vehicle_id="car")
        report = office.report([*fixes(2, "car"), bad])
        assert (report.accepted, [each.index for each in report.rejected]) == (2, [2])
        assert "latitude" in report.rejected[0].detail
        assert len(office.report(bad).rejected) == 1
        with pytest.raises(Refused) as refused:
            office.add_vehicle("car", "", id="empty")
        assert refused.value.status == 422 and refused.value.errors[0].field == "label"


def test_a_stranger_is_refused(server: Server) -> None:
    with Client(server.url, username="nobody", password="wrong") as stranger, pytest.raises(Refused) as refused:
        stranger.vehicle("x")
    assert refused.value.status == 401
    with pytest.raises(ValueError):
        Client(server.url, token="a", key="b")


def test_a_login_is_renewed_when_its_token_is_refused(server: Server) -> None:
    with admin(server) as office:
        office.add_vehicle("car", "Car", id="car")
        office._credentials.token = "expired"
        assert office.vehicle("car").label == "Car"


def test_a_server_that_is_started_again_is_waited_for(server: Server) -> None:
    with admin(server) as office:
        office.add_vehicle("car", "Car", id="car")
        server.kill()
        back = threading.Timer(1.0, server.resume)
        back.start()
        with Client(server.url, token=server.token("ops", "admin"), tries=12) as patient:
            assert patient.report(fixes(10, "car")).accepted == 10
        back.join()
        server.halt()
        with Client(server.url, key="k", tries=1) as hasty, pytest.raises(Unreachable):
            hasty.report(fixes(1, "car"))


async def test_the_async_client_does_the_same(server: Server) -> None:
    async with AsyncClient(server.url, username=server.username, password=server.password) as office:
        await office.add_vehicle("van", "Van", id="van")
        assert (await office.report(fixes(3, "van"))).accepted == 3
        assert [vehicle.id async for vehicle in office.vehicles()] == ["van"]
        assert len([position async for position in office.positions("van")]) == 3
        assert (await office.vehicle("van")).position is not None
