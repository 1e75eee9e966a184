"""Both live clients against a real server, and a network that fails."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone

import pytest
from proxy import Proxy
from server import Server

from milepost import Client, Fix, LiveError
from milepost.live import AsyncLive, Changed, Fact, Gone, Live, LiveVehicle, Ready, State

LIMIT_S = 30.0
"""A machine that is busy takes long. Nothing waits for as long as this if it works."""


@pytest.fixture
def office(server: Server) -> Iterator[Client]:
    with Client(server.url, token=server.token("ops", "admin"), tries=12) as client:
        yield client


def until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def moved(office: Client, vehicle_id: str, latitude: float, longitude: float = 13.4) -> None:
    assert office.report(Fix.now(latitude, longitude, vehicle_id=vehicle_id)).accepted == 1


def truth(office: Client) -> dict[str, tuple[str, str | None, float | None]]:
    """What the server has, by REST."""
    return {
        vehicle.id: (vehicle.label, vehicle.route, None if vehicle.position is None else round(vehicle.position.latitude, 6))
        for vehicle in office.vehicles()
    }


def shown(held: dict[str, LiveVehicle]) -> dict[str, tuple[str, str | None, float | None]]:
    return {vehicle.id: (vehicle.label, vehicle.route, None if vehicle.place is None else vehicle.place.lat) for vehicle in held.values()}


def raised(office: Client, title: str) -> None:
    answer = office._http.post(
        office._url + "/api/v1/alerts",
        json={"type": "system_error", "title": title, "message": "x"},
        headers=office._credentials.headers(),
    )
    assert answer.status_code == 201, answer.text


def test_vehicles_are_followed(server: Server, office: Client) -> None:
    office.add_vehicle("bus", "Bus 7", id="bus-7", route="12")
    office.add_vehicle("van", "Van", id="van")
    with Live(server.url, username=server.username, password=server.password) as live:
        buses = live.vehicles(kinds="bus")
        first = buses.next(LIMIT_S)
        assert isinstance(first, Changed) and first.vehicle.label == "Bus 7" and first.vehicle.place is None
        assert buses.next(LIMIT_S) == Ready() and buses.is_ready
        moved(office, "bus-7", 52.5)
        change = buses.next(LIMIT_S)
        assert isinstance(change, Changed) and change.vehicle.place is not None and change.vehicle.place.lat == 52.5
        office.change_vehicle("bus-7", label="Bus seven")
        change = buses.next(LIMIT_S)
        assert isinstance(change, Changed) and change.vehicle.label == "Bus seven" and change.vehicle.place is not None
        office.remove_vehicle("bus-7")
        assert buses.next(LIMIT_S) == Gone("bus-7")
        buses.close()
        with pytest.raises(TimeoutError), live.vehicles(ids="nobody") as nobody:
            assert nobody.next(LIMIT_S) == Ready()
            nobody.next(0.05)
        assert list(buses) == []


def test_questions_of_space_stay_true(server: Server, office: Client) -> None:
    for number in range(3):
        office.add_vehicle("bus", f"Bus {number}", id=f"b{number}")
        moved(office, f"b{number}", 50.0 + number)
    with Live(server.url, token=server.token("ops", "admin")) as live:
        near, within, view = live.near(50.0, 13.4, limit=2), live.within(box=(13.0, 49.9, 14.0, 50.1)), live.view((13.0, 49.9, 14.0, 51.1))
        until(lambda: near.is_ready and within.is_ready and view.is_ready)
        assert set(near.current) == {"b0", "b1"} and set(within.current) == {"b0"} and set(view.current) == {"b0", "b1"}
        moved(office, "b2", 50.01)
        until(lambda: set(near.current) == {"b0", "b2"} and set(within.current) == {"b0", "b2"} and set(view.current) == {"b0", "b1", "b2"})
        view.move((13.0, 50.9, 14.0, 51.1))
        until(lambda: set(view.current) == {"b1"})


def test_facts_are_resumed_over_a_restart_of_the_program_and_of_the_server(server: Server, office: Client) -> None:
    token = server.token("ops", "admin")
    raised(office, "zero")
    with Live(server.url, token=token) as live:
        alerts = live.alerts()
        state = alerts.next(LIMIT_S)
        assert isinstance(state, State) and [alert["title"] for alert in state.items] == ["zero"] and state.complete
        raised(office, "one")
        fact = alerts.next(LIMIT_S)
        assert isinstance(fact, Fact) and (fact.type, fact.data["title"]) == ("alert.raised", "one")
        raised(office, "two")
        until(lambda: len(alerts.current) == 3)
        # The second one was not taken: a program that ends now gets it the next time.
        cursor = fact.cursor
    raised(office, "three")
    with Live(server.url, token=token) as live:
        alerts = live.alerts(after=cursor)
        titles = [alerts.next(LIMIT_S) for _ in range(2)]
        assert [fact.data["title"] for fact in titles if isinstance(fact, Fact)] == ["two", "three"]
        server.kill()
        until(lambda: live.state.value != "live")
        server.resume()
        raised(office, "four")
        fact = alerts.next(LIMIT_S)
        assert isinstance(fact, Fact) and fact.data["title"] == "four" and alerts.complete
        # A service manager stops it: the server says when to come back.
        server.halt()
        server.resume()
        raised(office, "five")
        fact = alerts.next(LIMIT_S)
        assert isinstance(fact, Fact) and fact.data["title"] == "five"


def test_a_connection_that_is_silently_dead_is_found(server: Server, office: Client) -> None:
    office.add_vehicle("bus", "Bus 7", id="bus-7")
    proxy = Proxy(server.url)
    with Live(proxy.url, token=server.token("ops", "admin")) as live:
        buses = live.vehicles()
        until(lambda: buses.is_ready)
        proxy.freeze()
        begun = time.monotonic()
        office.change_vehicle("bus-7", label="new")
        until(lambda: proxy.opened == 2)
        assert time.monotonic() - begun < 12.0
        until(lambda: buses.is_ready and buses.current["bus-7"].label == "new")
    proxy.close()


def test_a_refusal_ends_the_loops(server: Server) -> None:
    with Live(server.url, token="nonsense") as live:
        with pytest.raises(LiveError) as refused:
            live.vehicles().next(LIMIT_S)
        assert refused.value.code == "token" and live.state.value == "refused"
        with pytest.raises(LiveError):
            live.request("read", alert="x")
    with Live(server.url, username=server.username, password="wrong") as live, pytest.raises(LiveError):
        live.vehicles().next(LIMIT_S)
    with Live(server.url, token=server.token("parent", "parent")) as live, pytest.raises(LiveError) as forbidden:
        live.records().next(LIMIT_S)
    assert forbidden.value.code == "forbidden"
    with pytest.raises(ValueError):
        Live("ftp://x", token="t")
    with pytest.raises(ValueError):
        Live(server.url, token="t", key="k")


def test_a_token_that_expires_is_renewed_and_one_that_is_refused_replaced(server: Server) -> None:
    asked: list[str | None] = []

    def source(refused: str | None) -> str:
        asked.append(refused)
        return "nonsense" if len(asked) == 1 else server.token("ops", "admin")

    with Live(server.url, token=source) as live:
        vehicles = live.vehicles()
        assert vehicles.next(LIMIT_S) == Ready()
        assert asked == [None, "nonsense"]


def test_requests_are_answered(server: Server, office: Client) -> None:
    office.add_vehicle("bus", "Bus 7", id="bus-7")
    with Live(server.url, token=server.token("ops", "admin")) as live:
        until(lambda: live.state.value == "live")
        with pytest.raises(LiveError) as none:
            live.request("read", alert="none")
        assert none.value.code == "not_found"
        fix = {"vehicle_id": "bus-7", "latitude": 1.0, "longitude": 2.0}
        assert live.request("report", positions=[fix])["accepted"] == 1
        dashboard = live.dashboard().next(LIMIT_S)
        assert dashboard["active_vehicles"] >= 0
        assert live.presence().next(LIMIT_S)["connections"] >= 1


@pytest.mark.parametrize("seed", [1, 2])
def test_the_client_equals_the_server_after_random_drops(server: Server, office: Client, seed: int) -> None:
    chance = random.Random(seed)
    proxy = Proxy(server.url)
    routes = ["12", "13", None]
    titles = 0
    with Live(proxy.url, token=server.token("ops", "admin")) as live:
        every, of_12, alerts = live.vehicles(), live.vehicles(routes="12"), live.alerts()
        got: list[str] = []

        def read() -> None:
            for value in alerts:
                if isinstance(value, Fact):
                    got.append(value.data["title"])

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        until(lambda: every.is_ready and alerts.is_ready)
        for step in range(120):
            id = f"v{chance.randrange(8)}"
            known = truth(office)
            deed = chance.randrange(12)
            if deed == 0:
                proxy.cut()
            elif deed == 1 and step > 20 and chance.random() < 0.3:
                server.kill()
                server.resume()
            elif id not in known:
                office.add_vehicle("bus", f"label {step}", id=id, **({"route": "12"} if chance.random() < 0.5 else {}))
            elif deed == 2:
                office.remove_vehicle(id)
            elif deed in (3, 4):
                office.change_vehicle(id, label=f"label {step}", route=chance.choice(routes))
            elif deed == 5:
                raised(office, str(titles))
                titles += 1
            else:
                moved(office, id, round(chance.uniform(-80, 80), 6))
        expected = truth(office)
        until(lambda: every.is_ready and shown(every.current) == expected)
        until(lambda: shown(of_12.current) == {id: vehicle for id, vehicle in expected.items() if vehicle[1] == "12"})
        until(lambda: len(got) >= titles)
        assert got == [str(number) for number in range(titles)] and alerts.complete
    reading.join(LIMIT_S)
    assert not reading.is_alive()
    proxy.close()


async def test_the_async_client_does_the_same(server: Server, office: Client) -> None:
    proxy = Proxy(server.url)
    await asyncio.to_thread(office.add_vehicle, "bus", "Bus 7", id="bus-7")
    async with AsyncLive(proxy.url, username=server.username, password=server.password) as live:
        async with live.vehicles() as buses:
            assert isinstance(await buses.next(LIMIT_S), Changed)
            assert await buses.next(LIMIT_S) == Ready()
            proxy.cut()
            await asyncio.to_thread(moved, office, "bus-7", 52.5)
            async for change in buses:
                if isinstance(change, Changed) and change.vehicle.place is not None:
                    break
            assert await asyncio.to_thread(truth, office) == shown(buses.current)
        alerts = live.alerts()
        assert isinstance(await alerts.next(LIMIT_S), State)
        await asyncio.to_thread(raised, office, "one")
        assert isinstance(await alerts.next(LIMIT_S), Fact)
        with pytest.raises(LiveError):
            await live.request("read", alert="none")
        with pytest.raises(TimeoutError):
            await alerts.next(0.05)
    assert [value async for value in alerts] == []
    begun = datetime.now(timezone.utc)
    async with AsyncLive("http://127.0.0.1:9", token="t") as nowhere:
        with pytest.raises(TimeoutError):
            await nowhere.vehicles().next(0.2)
        assert nowhere.error is not None and nowhere.error.code == "unreachable"
    assert (datetime.now(timezone.utc) - begun).total_seconds() < LIMIT_S
