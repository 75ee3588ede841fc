"""A small server that speaks OpenAI's chat protocol and writes what a function says: the far side of a real client.

It counts what it was asked, and can fail the first times, as full servers do.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any


@dataclass(frozen=True)
class Raw:
    """An answer as it goes over the wire, with status 200 where nothing else is said."""

    body: str
    status: int = 200
    content_type: str = "application/json"


class WriterServer:
    """Serves on a free port of the loopback until closed; `answered` holds the last user message of each reply.

    `write` returns a text, or what stands in place of a choice (a dictionary), or in place of the whole answer (`Raw`).
    """

    def __init__(
        self,
        write: Callable[[list[dict[str, str]], dict[str, Any] | None], str | dict[str, Any] | Raw],
        failures: int = 0,
    ) -> None:
        self.answered: list[str] = []
        self.bodies: list[dict[str, Any]] = []
        self.failed = 0
        lock = Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                with lock:
                    if outer.failed < failures:
                        outer.failed += 1
                        self._send(429 if outer.failed % 2 else 503, {"error": {"message": "full"}})
                        return
                form = body.get("response_format")
                try:
                    text = write(body["messages"], form["json_schema"]["schema"] if form else None)
                except ValueError as error:
                    self._send(400, {"error": {"message": str(error)}})
                    return
                if isinstance(text, Raw):
                    self._send_raw(text.status, text.content_type, text.body.encode())
                    return
                choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
                if isinstance(text, dict):
                    choice |= text
                usage = {"prompt_tokens": 30, "completion_tokens": 10, "total_tokens": 40}
                self._send(200, {"id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                                 "choices": [choice], "usage": usage})  # fmt: skip
                with lock:
                    outer.answered.append(body["messages"][-1]["content"])
                    outer.bodies.append(body)

            def _send(self, status: int, content: dict[str, Any]) -> None:
                self._send_raw(status, "application/json", json.dumps(content).encode())

            def _send_raw(self, status: int, content_type: str, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
