"""Makes every call of pytraccar, which Home Assistant uses, and follows its socket, against a running server.

    pytraccar_calls.py http://127.0.0.1:8082 http://127.0.0.1:8080 NAME PASSWORD

The first address is TRACCAR_LISTEN, the second one takes a device's report.
"""

import asyncio
import sys
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit

import aiohttp
from pytraccar import ApiClient, TraccarAuthenticationException

FIELDS = {
    "device": "id attributes groupId calendarId name uniqueId status lastUpdate positionId phone model contact category "
    "disabled expirationTime",
    "position": "id attributes deviceId protocol serverTime deviceTime fixTime valid latitude longitude altitude speed course "
    "address accuracy network geofenceIds",
    "event": "id attributes deviceId type eventTime positionId geofenceId maintenanceId",
    "geofence": "id attributes calendarId name description area",
}


def check(kind, thing):
    missing = set(FIELDS[kind].split()) - set(thing)
    assert not missing, f"{kind} without {missing}: {thing}"
    return thing


async def add(session, url, auth, path, body):
    async with session.post(f"{url}/api/{path}", json=body, auth=auth) as answer:
        text = await answer.text()
        assert answer.status in (200, 204), f"{path}: {answer.status} {text}"
        return await answer.json(content_type=None) if answer.status == 200 else None


async def main(url, reports, name, password):
    address, auth = urlsplit(url), aiohttp.BasicAuth(name, password)
    # Home Assistant's session takes cookies of addresses too.
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar) as session, aiohttp.ClientSession() as other:
        client = ApiClient(address.hostname, name, password, session, port=address.port)
        unique = f"ha-{datetime.now(tz=timezone.utc):%H%M%S%f}"
        device = await add(other, url, auth, "devices", {"name": "Van", "uniqueId": unique})
        fence = await add(other, url, auth, "geofences", {"name": "Yard", "area": "CIRCLE (30.267 -97.743, 250)"})
        await add(other, url, auth, "permissions", {"deviceId": device["id"], "geofenceId": fence["id"]})
        await add(other, url, auth, "notifications",
                  {"type": "alarm", "always": True, "notificators": "web", "attributes": {"alarms": "sos"}})

        assert {"id", "attributes", "version", "newServer", "map"} <= set(await client.get_server())
        assert unique in [check("device", one)["uniqueId"] for one in await client.get_devices()]
        assert fence["id"] in [check("geofence", one)["id"] for one in await client.get_geofences()]

        heard, got = {"devices": [], "positions": [], "events": []}, asyncio.Event()

        async def hear(data):
            for key, kind in (("devices", "device"), ("positions", "position"), ("events", "event")):
                heard[key] += [check(kind, one) for one in data[key] or []]
            if all(any(one.get("deviceId", one.get("id")) == device["id"] for one in heard[key]) for key in heard):
                got.set()

        async def report(**fields):
            query = {"id": unique, "lat": 30.267, "lon": -97.743, **fields}
            async with other.get(f"{reports}/devices/osmand", params=query) as answer:
                assert answer.status == 200, answer.status

        following = asyncio.create_task(client.subscribe(hear))
        while client.subscription_status.value != "connected":
            assert not following.done(), following.exception()
            await asyncio.sleep(0.1)
        await report(speed="12", batt="80", alarm="sos")
        await asyncio.wait_for(got.wait(), 60)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)

        position = next(one for one in await client.get_positions() if one["deviceId"] == device["id"])
        check("position", position)
        assert position["speed"] == 12 and position["attributes"]["batteryLevel"] == 80, position
        assert position["geofenceIds"] == [fence["id"]], position
        now = datetime.now(tz=timezone.utc).replace(tzinfo=None)
        window = {"start_time": now + timedelta(minutes=5), "end_time": now - timedelta(hours=1)}
        events = await client.get_reports_events(devices=[device["id"]], event_types=["alarm"], **window)
        assert [check("event", one)["attributes"]["alarm"] for one in events] == ["sos"], events
        told = next(one for one in heard["events"] if one["deviceId"] == device["id"])
        assert told["id"] == events[0]["id"] and "alarm: sos" in told["attributes"]["message"], (told, events)

        wrong = ApiClient(address.hostname, name, "wrong", other, port=address.port)
        try:
            await wrong.get_devices()
            raise AssertionError("a wrong password was taken")
        except TraccarAuthenticationException:
            pass
    print(f"pytraccar: every call and the socket, {sum(map(len, heard.values()))} things heard")


asyncio.run(main(*sys.argv[1:]))
