"""The calls without a network."""

from __future__ import annotations

import math
from datetime import datetime, timezone
from typing import TypeVar

import pytest

from milepost import Fix, Refused, Unreachable, calls, flow
from milepost.credentials import Credentials

T = TypeVar("T")
BUSY = flow.Answer(503, {"retry-after": "2"}, b'{"title":"Service Unavailable","detail":"draining"}')
VEHICLE = flow.Answer(200, {}, b'{"id":"a","kind":"bus","label":"A","status":"idle","position":null,"new_field":1}')


def drive(steps: flow.Flow[T], answers: list[flow.Came]) -> tuple[T, list[flow.Step]]:
    seen: list[flow.Step] = []
    came: flow.Came = None
    while True:
        try:
            step = steps.send(came)
        except StopIteration as done:
            return done.value, seen
        seen.append(step)
        came = answers.pop(0) if isinstance(step, flow.Send) else None


def test_a_busy_server_is_waited_for_as_long_as_it_says() -> None:
    vehicle, steps = drive(flow.perform(calls.vehicle("a"), Credentials(token="t"), 3), [BUSY, VEHICLE])
    assert vehicle.label == "A"
    assert [step.seconds for step in steps if isinstance(step, flow.Wait)] == [2.0]


def test_attempts_end() -> None:
    with pytest.raises(Refused):
        drive(flow.perform(calls.vehicle("a"), Credentials(), 2), [BUSY, BUSY])
    lost = flow.Failure(OSError("no route"))
    with pytest.raises(Unreachable):
        drive(flow.perform(calls.vehicle("a"), Credentials(), 2), [lost, lost])
    long = flow.Answer(429, {"retry-after": "3600"}, b"{}")
    with pytest.raises(Refused):
        drive(flow.perform(calls.vehicle("a"), Credentials(), 5), [long])


def test_a_post_keeps_its_key_when_it_is_sent_again() -> None:
    lost = flow.Failure(OSError())
    _, steps = drive(flow.perform(calls.add_vehicle("bus", "A", {}), Credentials(), 3), [lost, VEHICLE])
    keys = {step.headers["Idempotency-Key"] for step in steps if isinstance(step, flow.Send)}
    assert len(keys) == 1


def test_a_removal_whose_answer_was_lost_is_a_removal() -> None:
    gone = flow.Answer(404, {}, b'{"title":"Not Found"}')
    drive(flow.perform(calls.remove_vehicle("a"), Credentials(), 3), [flow.Failure(OSError()), gone])
    with pytest.raises(Refused):
        drive(flow.perform(calls.remove_vehicle("a"), Credentials(), 3), [gone])


def test_many_fixes_go_in_several_requests() -> None:
    fix = Fix(latitude=1, longitude=2, timestamp=datetime.now(timezone.utc))
    answer = flow.Answer(201, {}, b'{"accepted":9999,"duplicates":0,"rejected":[{"index":5,"detail":"no"}]}')
    none = flow.Answer(422, {}, b'{"detail":"none was acceptable"}')
    report, steps = drive(flow.report([fix] * 10_001, Credentials(), 1), [answer, none])
    assert [len(step.call.body) for step in steps if isinstance(step, flow.Send)] == [10_000, 1]  # type: ignore[arg-type]
    assert [each.index for each in report.rejected] == [5, 10_000]


def test_what_is_no_number_is_refused_here() -> None:
    for wrong in (math.nan, math.inf):
        with pytest.raises(ValueError):
            Fix.now(wrong, 0.0)
    with pytest.raises(ValueError):
        Fix(latitude=0, longitude=0, timestamp=datetime(2026, 1, 1))


def test_credentials_are_not_shown() -> None:
    assert "secret" not in repr(Credentials(token="secret")) + repr(Credentials(login=("ann", "secret", None)))
