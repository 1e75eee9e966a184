"""What clients see of two nodes behind a proxy: sockets, streams, requests, addresses, and the end of a node.

    through_proxy.py PROXY-URL NODE-PID [--asks-once]

ADMIN is the token of an admin in the environment. The node of NODE-PID is told to stop while requests go on. A proxy that asks once passes
on the 503 of a node that has just begun to stop.
"""

import base64
import http.client
import json
import os
import signal
import socket
import ssl
import sys
import threading
import time
import urllib.parse

URL = urllib.parse.urlsplit(sys.argv[1])
NODE = int(sys.argv[2])
ADMIN = os.environ["ADMIN"]
RUN = base64.b32encode(os.urandom(5)).decode().lower()
PATIENCE_S = 60
# The proxy's own certificate is signed by nobody.
TLS = ssl._create_unverified_context()


def connect(source=None):
    connection = socket.create_connection((URL.hostname, URL.port), PATIENCE_S, source)
    return TLS.wrap_socket(connection, server_hostname="localhost") if URL.scheme == "https" else connection


def call(method, path, body=None, token=ADMIN, headers=None, source=None):
    """The status and the body of one request on a connection of its own."""
    connection = http.client.HTTPConnection(URL.netloc)
    connection.sock = connect(source)
    headers = {"Content-Type": "application/json", **(headers or {})}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    text = body if isinstance(body, bytes) or body is None else json.dumps(body)
    connection.request(method, path, text, headers)
    answer = connection.getresponse()
    read = answer.read()
    connection.close()
    return answer.status, read


def done(method, path, body=None, token=ADMIN):
    status, read = call(method, path, body, token)
    assert 200 <= status < 300, (method, path, status, read)
    return json.loads(read) if read else None


class Socket:
    """A WebSocket that only listens."""

    def __init__(self, path, token):
        self.connection = connect()
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {URL.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
        )
        self.reader = self.connection.makefile("rb")
        self.status = int(self.reader.readline().split()[1])
        while self.reader.readline() not in (b"\r\n", b""):
            pass

    def frame(self):
        """The next frame's kind and payload. Pings are answered."""
        while True:
            kind, length = self.reader.read(2)
            length &= 0x7F
            if length >= 126:
                length = int.from_bytes(self.reader.read(2 if length == 126 else 8), "big")
            payload = self.reader.read(length)
            if kind & 0x0F != 9:
                return kind & 0x0F, payload
            self.connection.sendall(b"\x8a" + bytes([0x80 | length]) + bytes(4) + payload)

    def until(self, wanted):
        """Reads messages until one is wanted."""
        while True:
            kind, payload = self.frame()
            assert kind == 1, (kind, payload)
            message = json.loads(payload)
            if wanted(message):
                return message


def event_of_stream(token, begun):
    """The first event of a stream of server-sent events."""
    connection = connect()
    connection.sendall(
        f"GET /api/events HTTP/1.1\r\nHost: {URL.netloc}\r\nAccept: text/event-stream\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    )
    reader = connection.makefile("rb")
    assert b" 200 " in reader.readline()
    while True:
        line = reader.readline()
        assert line, "the stream has ended"
        if line.startswith(b"retry:"):
            # It came before any event: nothing holds back what is small.
            begun.set()
        if line.startswith(b"data:"):
            message = json.loads(line[5:])
            if message.get("type") == "notification":
                return message


def told(what):
    print(f"  {what}", flush=True)


def a_position_reaches_sockets():
    vehicle = f"bus-{RUN}"
    done("POST", "/api/v1/vehicles", {"id": vehicle, "kind": "bus", "label": vehicle})
    sockets = [Socket("/ws/bus-tracking/", ADMIN) for _ in range(4)]
    assert [one.status for one in sockets] == [101] * 4, [one.status for one in sockets]
    stop = threading.Event()

    def drive():
        # Until everybody saw one: a node shows at once what it took itself, and what others took a little later.
        while not stop.wait(0.2):
            done("POST", "/api/v1/positions", {"vehicle_id": vehicle, "latitude": 30.2, "longitude": -97.7, "speed": 30})

    driver = threading.Thread(target=drive, daemon=True)
    driver.start()
    for one in sockets:
        seen = one.until(lambda message: message.get("data", {}).get("bus_id") == vehicle)
        assert seen["data"]["latitude"] == 30.2, seen
    stop.set()
    driver.join()
    told("a position reached every socket")
    return sockets


def an_event_reaches_a_stream():
    user = done("POST", "/api/v1/users", {"username": f"staff-{RUN}", "password": f"long-{RUN}", "role": "training_staff"})
    token = done("POST", "/api/token", {"username": f"staff-{RUN}", "password": f"long-{RUN}"}, None)["access"]
    begun, seen = threading.Event(), []
    reader = threading.Thread(target=lambda: seen.append(event_of_stream(token, begun)), daemon=True)
    reader.start()
    assert begun.wait(PATIENCE_S), "the stream's first lines are held back"
    done("POST", "/api/v1/notifications", {"user_ids": [user["id"]], "message": "hello"})
    reader.join(PATIENCE_S)
    assert seen and "hello" in json.dumps(seen[0]), seen
    told("an event reached a stream")


def bodies_are_bounded_as_by_the_server():
    # Larger than what proxies take unasked, and too many positions for the server: its own answer comes back.
    status, read = call("POST", "/api/v1/positions", b"[" + b"0," * 3_000_000 + b"0]")
    assert status in (400, 413, 422) and b"application" not in read and b'"status"' in read, (status, read[:200])
    status, _ = call("POST", "/api/v1/positions", b" " * (9 * 1024 * 1024))
    assert status == 413, status
    told("bodies are bounded as by the server")


def metrics_are_not_for_everybody():
    for path in ("/metrics", "/metrics/", "/metrics//"):
        status, read = call("GET", path)
        assert status in (403, 404) and b"milepost_" not in read, (path, status)
    told("metrics are not for everybody")


def a_forged_address_gives_no_new_tries():
    """Wrong passwords from one address, each with another entry of its own in X-Forwarded-For, are slowed down."""
    for number in range(400):
        login = {"username": f"nobody-{number}-{RUN}", "password": "guess, guess"}
        forged = {"X-Forwarded-For": f"198.51.100.{number % 250}", "X-Forwarded-Proto": "http"}
        status, _ = call("POST", "/api/token", login, None, forged, source=("127.0.0.2", 0))
        if status == 429:
            break
        assert status == 401, status
    else:
        raise AssertionError("400 wrong passwords of one address were all looked at")
    login = {"username": f"nobody-{RUN}", "password": "guess, guess"}
    status, _ = call("POST", "/api/token", login, None, source=("127.0.0.3", 0))
    assert status == 401, status
    told("a forged address gives no new tries, and other addresses have their own")


def a_cookie_is_secure():
    user = {"username": f"cookie-{RUN}", "password": f"long-{RUN}", "role": "manager"}
    done("POST", "/api/v1/users", user)
    connection = http.client.HTTPConnection(URL.netloc)
    connection.sock = connect()
    page = {"Content-Type": "application/json", "Origin": f"{URL.scheme}://{URL.netloc}"}
    connection.request("POST", "/auth/login", json.dumps({key: user[key] for key in ("username", "password")}), page)
    answer = connection.getresponse()
    cookie = answer.headers["Set-Cookie"] or ""
    assert answer.status == 204 and ("Secure" in cookie) == (URL.scheme == "https"), (answer.status, cookie, answer.read())
    told("a page logs in at the address that it came from")


def a_node_leaves(sockets):
    """While a node stops, no request that may be repeated fails, and its sockets are told when to come back."""
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            answers.append(call("GET", "/api/v1/vehicles?limit=1")[0])

    askers = [threading.Thread(target=ask, daemon=True) for _ in range(3)]
    for asker in askers:
        asker.start()
    os.kill(NODE, signal.SIGTERM)
    ended = time.monotonic() + PATIENCE_S
    while os.path.exists(f"/proc/{NODE}/fd") and time.monotonic() < ended and not is_zombie(NODE):
        time.sleep(0.1)
    count = len(answers)
    while len(answers) < count + 20 and time.monotonic() < ended:
        time.sleep(0.1)
    stop.set()
    for asker in askers:
        asker.join()
    may_be = {200, 503} if "--asks-once" in sys.argv else {200}
    assert set(answers) <= may_be, {status: answers.count(status) for status in set(answers)}
    # Long after the node has gone.
    assert set(answers[count:]) == {200}, answers[count:]
    advised = 0
    for one in sockets:
        one.connection.settimeout(1)
        try:
            kind, payload = one.frame()
            while kind == 1:
                kind, payload = one.frame()
            assert kind == 8 and payload[:2] == (1012).to_bytes(2, "big") and b"reconnect in" in payload, (kind, payload)
            advised += 1
        except TimeoutError:
            pass  # It is on the other node, and stays.
    assert 0 < advised < len(sockets), advised
    assert Socket("/ws/bus-tracking/", ADMIN).status == 101
    told(f"a node left: {answers.count(200)} of {len(answers)} requests were answered 200, {advised} of {len(sockets)} sockets told to come back")


def is_zombie(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "Z"


sockets = a_position_reaches_sockets()
an_event_reaches_a_stream()
bodies_are_bounded_as_by_the_server()
metrics_are_not_for_everybody()
a_cookie_is_secure()
a_forged_address_gives_no_new_tries()
a_node_leaves(sockets)
