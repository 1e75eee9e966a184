"""A real `milepost serve` on a free port with a data folder of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

BINARY = Path(os.environ.get("MILEPOST_BIN") or Path(__file__).parents[3] / "target/debug/milepost").resolve()
START_LIMIT_S = 30.0


class Server:
    """The server's process. It can be killed and started again with the same port and data."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="milepost-test-")
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        output = self._run("127.0.0.1:0", r"password:\s*\S+")
        self.username = _found(r"username:\s*(\S+)", output)
        self.password = _found(r"password:\s*(\S+)", output)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def halt(self) -> None:
        """Stops it as a service manager does."""
        self._end(signal.SIGTERM)

    def resume(self) -> None:
        """Starts it again, on the port that it had."""
        self._run(self.url.removeprefix("http://"), r"listening on http")

    def remove(self) -> None:
        """Stops it and removes its data."""
        self.halt()
        self._folder.cleanup()

    def token(self, subject: str, role: str) -> str:
        """A token for a user, stored or not."""
        command = [str(BINARY), "token", "--sub", subject, "--role", role, "--ttl", "1h"]
        return subprocess.run(command, env=self._env(), check=True, capture_output=True, text=True).stdout.strip()

    def _env(self) -> dict[str, str]:
        return {**os.environ, "MILEPOST_DATA": self._folder.name}

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(by)
            self._process.wait(15)
        self._process = None

    def _run(self, listen: str, until: str) -> str:
        self._process = subprocess.Popen(
            [str(BINARY), "serve"],
            env={**self._env(), "MILEPOST_LISTEN": listen},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        output, lines = "", self._process.stdout
        guard = threading.Timer(START_LIMIT_S, self._process.kill)
        guard.start()
        for line in lines:
            output += line
            address = re.search(r"listening on (http://\S+\d)", output)
            if address and re.search(until, output):
                self.url = address[1]
                # What it writes later must not fill the pipe.
                threading.Thread(target=lambda: [None for _ in lines], daemon=True).start()
                break
        else:
            raise AssertionError(f"milepost did not start:\n{output}")
        guard.cancel()
        return output


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match, f"no {pattern} in:\n{text}"
    return match[1]
