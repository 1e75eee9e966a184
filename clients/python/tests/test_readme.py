"""The examples of the README, in the order in which they stand there."""

from __future__ import annotations

import asyncio
import re
import textwrap
from pathlib import Path

from server import Server

from milepost import Client

README = Path(__file__).parents[1] / "README.md"
LOGIN = 'username="ana", password="…", tenant="acme"'


def test_the_examples_of_the_readme_run(server: Server) -> None:
    with Client(server.url, username=server.username, password=server.password) as office:
        office.add_vehicle("bus", "Bus 1", id="bus-1")
        key = office.add_device("bus-1").key
    names: dict[str, object] = {}
    examples = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert len(examples) >= 5
    for example in examples:
        code = example.replace("https://track.example.org", server.url).replace('key="…"', f'key="{key}"')
        code = code.replace(LOGIN, f'username="{server.username}", password="{server.password}"')
        assert "…" not in code
        if "async " in code:
            exec("async def run():\n" + textwrap.indent(code, "    "), names)
            asyncio.run(names["run"]())  # type: ignore[operator]
        else:
            exec(code, names)
