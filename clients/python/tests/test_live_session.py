"""The live client without a network and without a clock."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

import pytest

from milepost import LiveError
from milepost.live import Changed, Fact, Gone, Ready, State, follows
from milepost.live.connection import Close, Open, Send
from milepost.live.facts import ALERTS, MAX_WAITING, TRIPS, Facts
from milepost.live.following import Following
from milepost.live.session import Session
from milepost.live.vehicles import Vehicles

WELCOME = {"op": "welcome", "v": 1, "expires_in": None, "limits": {"subscriptions": 50, "names": 1000, "message_bytes": 4096}}


class Play:
    """Plays the server and the clock."""

    def __init__(self, *, is_renewable: bool = False) -> None:
        self.now = 1000.0
        self.session = Session(is_renewable=is_renewable, chance=random.Random(1))
        self.attempt = 0
        self.sent: list[dict[str, Any]] = []
        self.session.reconnect(self.now)
        self.read()

    @property
    def state(self) -> str:
        return self.session.connection.state.value

    def read(self) -> list[str]:
        """Performs the effects. Returns their names."""
        done = []
        while self.session.effects:
            effect = self.session.effects.popleft()
            done.append(type(effect).__name__)
            if isinstance(effect, Open):
                self.attempt, self.sent = effect.attempt, []
                self.refused = effect.refused
            elif isinstance(effect, Send):
                self.sent.append(json.loads(effect.text))
            else:
                assert isinstance(effect, Close)
        return done

    def connect(self, hello: Mapping[str, str] | None = None, **welcome: object) -> None:
        self.session.connection.opened(self.attempt, dict(hello or {}), self.now)
        self.comes({**WELCOME, **welcome})

    def comes(self, *messages: Mapping[str, Any]) -> None:
        for message in messages:
            self.session.connection.received(self.attempt, json.dumps(message), self.now)
        self.read()

    def lose(self, code: int = 1006) -> None:
        self.session.connection.closed(self.attempt, code, "", self.now)
        self.read()

    def pass_(self, seconds: float) -> None:
        """Lets time pass, and wakes the session when it wants to be woken."""
        end = self.now + seconds
        while (deadline := self.session.deadline) is not None and deadline <= end:
            self.now = max(self.now, deadline)
            self.session.tick(self.now)
            self.read()
        self.now = end

    def back(self) -> None:
        """Lets the next attempt begin, and the server greet."""
        while self.state == "waiting":
            self.pass_(0.1)
        self.connect()

    def last_subs(self) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["op"] == "sub"]


def taken(following: Following[Any]) -> list[Any]:
    got = []
    while (value := following.take()) is not None:
        got.append(value)
    return got


def vehicle(id: str, route: str | None = None, place: Mapping[str, Any] | None = None) -> dict[str, Any]:
    fields = {"kind": "bus", "label": id, "license_plate": None, "route": route, "status": "idle", "driver_id": None}
    return {"id": id, "n": 1, **fields, "place": place, "new_field": 1}


def all_vehicles(play: Play, **names: Any) -> Vehicles:
    following = follows.vehicles(play.session, names, None)
    play.session.follow(following)
    play.read()
    return following


def facts_of(play: Play, after: str | None = None) -> Facts:
    following = follows.facts(play.session, ALERTS, after)
    play.session.follow(following)
    play.read()
    return following


def alert(id: str, cursor: str, type: str = "alert.raised") -> dict[str, Any]:
    return {"op": "fact", "e": cursor, "type": type, "t": 1, "data": {"id": id, "expires_at": "2030-01-01T00:00:00.000Z"}}


def test_every_state_has_a_deadline() -> None:
    play = Play()
    assert play.state == "opening"
    play.pass_(10)
    assert play.state == "waiting"
    play.pass_(0.6)
    assert play.state == "opening"
    play.session.connection.opened(play.attempt, {}, play.now)
    assert play.state == "greeting"
    play.pass_(5)
    assert play.state == "waiting"
    # However long nobody answers, attempts go on, 30 s and the opening's limit apart at most.
    for _ in range(50):
        before = play.attempt
        play.pass_(40.1)
        assert play.attempt > before


def test_a_dead_connection_is_found_within_ten_seconds() -> None:
    play = Play()
    play.connect()
    play.pass_(6)
    play.comes({"op": "mark", "t": 1})
    play.pass_(7)
    assert play.sent[-1] == {"op": "ping"}
    play.comes({"op": "pong"})
    play.pass_(9)
    assert play.state == "live"
    play.pass_(1)
    assert play.state != "live"
    assert play.session.connection.error is not None and play.session.connection.error.code == "timeout"


def test_what_an_older_attempt_brings_is_passed_over() -> None:
    play = Play()
    first = play.attempt
    play.pass_(10.6)
    assert play.attempt == first + 1
    play.session.connection.opened(first, {}, play.now)
    play.session.connection.closed(first, 4000, "", play.now)
    assert play.state == "opening"


def test_the_server_says_when_to_come_back() -> None:
    play = Play()
    play.connect()
    play.comes({"op": "bye", "why": "restart", "message": "", "retry_ms": [2000, 3000]})
    play.lose()
    play.pass_(1.9)
    assert play.state == "waiting"
    play.pass_(1.2)
    assert play.state == "opening"
    play.connect()
    play.comes({"op": "bye", "why": "refused", "message": "no", "retry_ms": None})
    assert play.state == "refused"
    play.pass_(3600)
    assert play.state == "refused"
    play.session.reconnect(play.now)
    assert play.state == "opening"


@pytest.mark.parametrize(("code", "state"), [(1012, "waiting"), (4100, "waiting"), (4004, "refused"), (1009, "refused"), (4001, "refused")])
def test_close_codes_say_it_too(code: int, state: str) -> None:
    play = Play()
    play.connect()
    play.lose(code)
    assert play.state == state


def test_a_refused_token_is_replaced_once() -> None:
    play = Play(is_renewable=True)
    play.connect({"token": "old"})
    play.comes({"op": "bye", "why": "token", "message": "expired", "retry_ms": None})
    play.pass_(1)
    assert play.refused == "old"
    play.connect({"token": "new"})
    assert play.state == "live"
    play.comes({"op": "bye", "why": "token", "message": "", "retry_ms": None})
    play.pass_(5)
    play.connect({"token": "new"})
    assert play.state == "refused"


def test_a_credential_is_renewed_before_it_expires() -> None:
    play = Play(is_renewable=True)
    play.connect({"token": "a"}, expires_in=600)
    for _ in range(110):
        play.pass_(5)
        play.comes({"op": "mark"})
    assert play.session.wants_token
    play.session.wants_token = False
    play.session.renew("b", play.now)
    play.read()
    assert play.sent[-1]["op"] == "auth" and play.sent[-1]["token"] == "b"
    play.comes({"op": "ok", "re": play.sent[-1]["id"], "expires_in": 600})
    for _ in range(80):
        play.pass_(5)
        play.comes({"op": "mark"})
    assert not play.session.wants_token


def test_after_a_drop_what_ready_did_not_name_is_gone() -> None:
    play = Play()
    buses = all_vehicles(play)
    play.connect()
    s = play.last_subs()[0]["s"]
    play.comes({"op": "vehicles", "v": [vehicle("a"), vehicle("b")]}, {"op": "ready", "s": s, "count": 2})
    changes = taken(buses)
    assert [type(change) for change in changes] == [Changed, Changed, Ready] and buses.is_ready
    play.lose()
    assert not buses.is_ready and set(buses.current) == {"a", "b"}
    play.back()
    s = play.last_subs()[0]["s"]
    play.comes({"op": "vehicles", "v": [vehicle("a"), vehicle("c")]})
    assert set(buses.current) == {"a", "b", "c"}
    play.comes({"op": "ready", "s": s, "count": 2})
    changes = taken(buses)
    assert [change.vehicle.id if isinstance(change, Changed) else change for change in changes] == ["c", Gone("b"), Ready()]


def test_filters_share_one_set() -> None:
    play = Play()
    play.connect()
    of_12, of_13 = all_vehicles(play, routes="12"), all_vehicles(play, routes=["13", "14"])
    first, second = (message["s"] for message in play.last_subs())
    play.comes({"op": "vehicles", "v": [vehicle("a", "12"), vehicle("b", "13")]}, {"op": "ready", "s": first})
    assert set(of_12.current) == {"a"} and set(of_13.current) == {"b"}
    play.comes({"op": "ready", "s": second}, {"op": "vehicles", "v": [vehicle("a", "13")]})
    assert set(of_12.current) == set() and set(of_13.current) == {"a", "b"}
    play.comes({"op": "at", "p": [{"id": "a", "lat": 1, "lon": 2, "t": 3}, {"id": "unknown", "lat": 1, "lon": 2, "t": 3}]})
    place = of_13.current["a"].place
    assert place is not None and place.lat == 1 and place.speed is None
    play.comes({"op": "gone", "ids": ["a"]})
    assert taken(of_13)[-1] == Gone("a")
    of_13.close()
    play.read()
    assert play.sent[-1] == {"op": "unsub", "s": second} and play.session.vehicles.held == {}
    with pytest.raises(StopIteration):
        of_13.take()


def test_many_names_are_several_subscriptions() -> None:
    play = Play()
    play.connect()
    ids = [f"vehicle-{number:04}" for number in range(1200)]
    some = all_vehicles(play, ids=ids)
    subs = play.last_subs()
    assert sorted(id for sub in subs for id in sub["ids"]) == ids
    assert all(len(json.dumps(sub, separators=(",", ":"))) <= 4096 for sub in subs)
    for sub in subs[1:]:
        play.comes({"op": "ready", "s": sub["s"]})
    assert not some.is_ready
    play.comes({"op": "ready", "s": subs[0]["s"]})
    assert taken(some) == [Ready()]


def test_what_lies_outside_of_a_view_is_gone() -> None:
    play = Play()
    play.connect()
    view = follows.view(play.session, (170.0, -10.0, -170.0, 10.0), None)
    play.session.follow(view)
    play.read()
    s = play.last_subs()[0]["s"]
    at = {"lat": 0.0, "lon": 179.0, "t": 1}
    play.comes({"op": "covers", "s": s, "box": [169, -11, -169, 11]}, {"op": "vehicles", "v": [vehicle("a", place=at)]})
    play.comes({"op": "ready", "s": s}, {"op": "at", "p": [{"id": "a", "lat": 0, "lon": -169.5, "t": 2}]})
    assert set(view.current) == {"a"}
    play.comes({"op": "at", "p": [{"id": "a", "lat": 0, "lon": -168.5, "t": 3}]})
    assert Gone("a") in taken(view) and play.session.vehicles.held == {}
    view.move((0.0, 0.0, 1.0, 1.0))
    play.read()
    assert play.sent[-1] == {"op": "view", "s": s, "box": [0.0, 0.0, 1.0, 1.0]}
    play.lose()
    play.back()
    assert play.last_subs()[0]["box"] == [0.0, 0.0, 1.0, 1.0]


def test_the_server_says_who_is_near() -> None:
    play = Play()
    play.connect()
    near = follows.members(play.session, {"to": "near", "lat": 1.0, "lon": 2.0, "limit": None}, {"kinds": "bus"}, None)
    play.session.follow(near)
    play.read()
    sub = play.last_subs()[0]
    assert sub == {"op": "sub", "s": sub["s"], "to": "near", "lat": 1.0, "lon": 2.0, "kinds": ["bus"]}
    play.comes({"op": "members", "s": sub["s"], "in": ["a"], "out": []}, {"op": "vehicles", "v": [vehicle("a")]})
    play.comes({"op": "ready", "s": sub["s"]}, {"op": "members", "s": sub["s"], "in": ["b"], "out": ["a"]})
    play.comes({"op": "vehicles", "v": [vehicle("b")]}, {"op": "gone", "ids": ["a"]})
    assert set(near.current) == {"b"}
    play.lose()
    play.back()
    s = play.last_subs()[0]["s"]
    play.comes({"op": "members", "s": s, "in": ["c"], "out": []}, {"op": "vehicles", "v": [vehicle("c")]})
    assert set(near.current) == {"b", "c"}
    play.comes({"op": "ready", "s": s})
    assert set(near.current) == {"c"}


def test_facts_resume_after_what_came() -> None:
    play = Play()
    alerts = facts_of(play)
    play.connect()
    s = play.last_subs()[0]["s"]
    play.comes({"op": "items", "s": s, "items": [{"id": "1"}]}, {"op": "ready", "s": s, "complete": True, "cursor": "c1"})
    play.comes(alert("2", "c2"), {"op": "mark", "cursor": "c3", "t": 1})
    state = alerts.take()
    assert state == State([{"id": "1"}], True, "c1") and alerts.cursor is None
    fact = alerts.take()
    assert isinstance(fact, Fact) and fact.data["id"] == "2" and alerts.cursor == "c1"
    assert alerts.take() is None and alerts.cursor == "c3"
    assert [item["id"] for item in alerts.current] == ["2", "1"]
    play.lose()
    play.back()
    sub = play.last_subs()[0]
    assert sub["after"] == "c3"
    play.comes(alert("1", "c4", "alert.deleted"), {"op": "ready", "s": sub["s"], "complete": True, "cursor": "c4"})
    assert [type(each) for each in taken(alerts)] == [Fact] and alerts.complete
    play.lose()
    play.back()
    s = play.last_subs()[0]["s"]
    play.comes({"op": "items", "s": s, "items": [{"id": "9"}]}, {"op": "ready", "s": s, "complete": False, "cursor": "c9"})
    assert taken(alerts) == [State([{"id": "9"}], False, "c9")] and not alerts.complete
    # An alert that has expired is not shown any more.
    play.comes(alert("10", "c10"))
    play.comes({"op": "mark", "cursor": "c10", "t": 1_893_456_000_000 - 1})
    assert len(alerts.current) == 2 or "expires_at" not in alerts.current[-1]


def test_a_running_trip_goes_on_without_moving_the_cursor() -> None:
    play = Play()
    play.connect()
    trips = follows.facts(play.session, TRIPS, None)
    play.session.follow(trips)
    play.read()
    s = play.last_subs()[-1]["s"]
    trip = {"id": "a", "status": "started"}

    def goes_on(id: str, km: float) -> dict[str, Any]:
        return {"op": "trip", "t": 5, "data": {**trip, "id": id, "distance": km}}

    play.comes(
        goes_on("a", 0.5),  # before the state
        {"op": "items", "s": s, "items": [{**trip, "distance": 1}]},
        {"op": "ready", "s": s, "complete": True, "cursor": "f.1"},
        goes_on("a", 2),
        goes_on("unknown", 9),
    )
    assert [item["distance"] for item in trips.current] == [2]
    assert isinstance(trips.take(), State)
    for km in (2, 9):
        progress = trips.take()
        assert isinstance(progress, Fact) and progress.type == "trip.progressed"
        assert progress.data["distance"] == km and progress.cursor == "f.1"
    play.comes({"op": "fact", "e": "f.2", "type": "trip.changed", "t": 6, "data": {**trip, "status": "completed"}}, goes_on("a", 3))
    assert trips.current == []


def test_a_reader_that_is_far_behind_gets_the_rest_later() -> None:
    play = Play()
    play.connect()
    alerts = facts_of(play, "c")
    s = play.last_subs()[0]["s"]
    play.comes({"op": "ready", "s": s, "complete": True, "cursor": "c"})
    play.comes(*(alert(str(number), f"c{number}") for number in range(MAX_WAITING + 5)))
    assert play.sent[-1] == {"op": "unsub", "s": s}
    got = [alerts.take() for _ in range(MAX_WAITING)]
    play.read()
    # Only once its end is confirmed: facts could still be on the way.
    assert play.sent[-1]["op"] == "unsub"
    play.comes(alert("late", "late"), {"op": "ended", "s": s})
    sub = play.sent[-1]
    assert (sub["op"], sub["after"]) == ("sub", f"c{MAX_WAITING - 1}")
    play.comes(alert("next", "n"), {"op": "ready", "s": sub["s"], "complete": True, "cursor": "n"})
    values = [*got, *taken(alerts)]
    assert [value.data["id"] for value in values if isinstance(value, Fact)] == [*map(str, range(MAX_WAITING)), "next"]


def test_one_failure_ends_nothing_else() -> None:
    play = Play()
    play.connect()
    buses, alerts = all_vehicles(play), facts_of(play)
    first, second = (message["s"] for message in play.last_subs())
    play.comes({"op": "error", "s": second, "code": "forbidden", "message": "no", "retry_ms": None}, {"op": "ready", "s": first})
    with pytest.raises(LiveError) as failed:
        alerts.take()
    assert failed.value.code == "forbidden" and taken(buses) == [Ready()]
    with pytest.raises(LiveError):
        play.session.follow(follows.facts(play.session, ALERTS, None))
    trips = follows.facts(play.session, TRIPS, None)
    play.session.follow(trips)
    play.read()
    s = play.last_subs()[-1]["s"]
    play.comes({"op": "error", "s": s, "code": "busy", "message": "", "retry_ms": 2000})
    assert trips.take() is None
    play.pass_(2)
    assert play.last_subs()[-1]["to"] == "trips" and play.last_subs()[-1]["s"] > s


def test_requests_are_answered_lost_or_given_up() -> None:
    play = Play()
    with pytest.raises(LiveError):
        play.session.request({"op": "read"}, play.now).take()
    play.connect()
    one, two, three = (play.session.request({"op": "read"}, play.now) for _ in range(3))
    play.read()
    ids = [message["id"] for message in play.sent if message["op"] == "read"]
    play.comes({"op": "ok", "re": ids[0]}, {"op": "error", "re": ids[1], "code": "not_found", "message": "", "retry_ms": None})
    assert one.take() is not None
    with pytest.raises(LiveError) as refused:
        two.take()
    assert refused.value.code == "not_found" and three.take() is None
    play.lose()
    with pytest.raises(LiveError) as lost:
        three.take()
    assert lost.value.code == "lost"
    play.back()
    four = play.session.request({"op": "read"}, play.now)
    for _ in range(10):
        play.pass_(3)
        play.comes({"op": "mark"})
    with pytest.raises(LiveError) as late:
        four.take()
    assert late.value.code == "timeout"


def test_a_message_that_is_not_as_described_begins_anew() -> None:
    for wrong in ('{"op":"vehicles"}', "[]", "not json", '{"op":"at","p":[{"id":"a"}]}', '{"op":"ready","s":1,"cursor":[]}'):
        play = Play()
        play.connect()
        all_vehicles(play)
        play.comes({"op": "vehicles", "v": [vehicle("a")]}, {"op": "ready", "s": play.last_subs()[0]["s"]})
        play.session.connection.received(play.attempt, wrong, play.now)
        assert play.state in ("waiting", "live"), wrong
        assert wrong.startswith('{"op":"ready"') or play.state == "waiting", wrong
    # What is unknown is passed over.
    play = Play()
    play.connect()
    play.comes({"op": "new"}, {"op": "new", "s": 99}, {"no": "op"}, {"op": "error", "code": "x", "message": "", "retry_ms": None})
    assert play.state == "live"
