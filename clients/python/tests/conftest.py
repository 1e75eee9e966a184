from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from server import BINARY, Server


@pytest.fixture
def server() -> Iterator[Server]:
    if not BINARY.exists():
        message = f"Left out: the tests against a real server, {BINARY} is not built."
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    started = Server()
    yield started
    started.remove()
