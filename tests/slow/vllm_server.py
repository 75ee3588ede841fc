"""vLLM's own OpenAI-compatible server in a process of its own."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_STARTED_WITHIN_S = 300


@contextmanager
def serving(model: Path, name: str, log: Path, *arguments: str, **environment: str) -> Iterator[str]:
    """Serve a model under a name and yield the server's address; what it says goes to `log`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    # What `vllm serve` starts; that command itself looks for the package under the name of its build for GPUs.
    command = [sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", str(model)]
    command += ["--served-model-name", name, "--host", "127.0.0.1", "--port", str(port), "--enforce-eager", *arguments]
    variables = {**os.environ, "VLLM_CPU_KVCACHE_SPACE": "1", **environment}
    with log.open("w") as said:
        process = subprocess.Popen(command, env=variables, cwd=log.parent, stdout=said, stderr=subprocess.STDOUT)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + _STARTED_WITHIN_S
    while True:
        assert process.poll() is None and time.monotonic() < deadline, log.read_text()[-3000:]
        try:
            urllib.request.urlopen(f"{url}/health", timeout=5).close()
            break
        except OSError:
            time.sleep(0.5)
    yield url
    process.terminate()
    process.wait(timeout=60)
