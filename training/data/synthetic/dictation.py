"""Asks a writer within a budget and never twice: replies are kept on disk by request as they come.

A killed run finds them and goes on behind the last one; what they cost stays counted, so a budget holds over all runs.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pydantic import Field
from tqdm import tqdm

from submission.errors import ShopBenchError
from training.data.synthetic.writers import Reply, Request, Writer, WriterSettings
from training.recipe import Settings

# A batch this large that is refused as a whole says something about the server, not about the requests.
_MANY = 8


class Budget(Settings):
    """How many requests may be asked and how many tokens (prompts and replies) they may take, over all runs."""

    requests: int = Field(gt=0)
    tokens: int = Field(gt=0)


class ReplyCache:
    """Replies by request, in a SQLite file; each is on disk before the next is counted."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, text TEXT, tokens INTEGER, refusal TEXT)"
        )

    def get(self, key: str) -> Reply | None:
        """Return the reply to a request, None if it was never asked."""
        row = self._connection.execute("SELECT text, tokens, refusal FROM replies WHERE key = ?", (key,)).fetchone()
        return Reply(*row) if row else None

    def put(self, key: str, reply: Reply) -> None:
        """Keep a reply."""
        with self._connection:
            values = (key, reply.text, reply.tokens, reply.refusal)
            self._connection.execute("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)", values)

    def forget(self, keys: Sequence[str]) -> None:
        """Drop the replies to these requests."""
        with self._connection:
            self._connection.executemany("DELETE FROM replies WHERE key = ?", [(key,) for key in keys])

    def spent(self) -> tuple[int, int]:
        """Return how many requests were asked and how many tokens they took."""
        return self._connection.execute("SELECT COUNT(*), COALESCE(SUM(tokens), 0) FROM replies").fetchone()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()


class Dictation:
    """Gets replies from the cache, and from the writer while the budget lasts."""

    def __init__(self, writer: Writer, settings: WriterSettings, budget: Budget, cache: ReplyCache) -> None:
        self.writer = writer
        self.settings = settings
        self.budget = budget
        self.cache = cache

    def replies(self, requests: Sequence[Request], title: str) -> list[Reply | None]:
        """Return the reply to each request, None for those that the budget did not cover.

        Requests are asked in order, some at a time; the most that those can cost is set aside beforehand, so the budget
        is never overdrawn.
        """
        with tqdm(total=len(requests), desc=title, unit="request") as bar:
            unknown = []
            for request in dict.fromkeys(requests):
                if self.cache.get(request.key(self.settings)) is None:
                    unknown.append(request)
                else:
                    bar.update()

            def done(request: Request, reply: Reply) -> None:
                self.cache.put(request.key(self.settings), reply)
                bar.update()

            for some in _batches(iter(unknown), 8 * self.settings.concurrency):
                affordable = self._affordable(some)
                if affordable:
                    self.writer.write(affordable, done)
                    self._stop_if_all_were_refused(affordable)
                if len(affordable) < len(some):
                    break
        return [self.cache.get(request.key(self.settings)) for request in requests]

    def _stop_if_all_were_refused(self, asked: list[Request]) -> None:
        keys = [request.key(self.settings) for request in asked]
        refusals = [reply.refusal for reply in map(self.cache.get, keys) if reply is not None and reply.refusal]
        if len(refusals) == len(asked) >= _MANY:
            self.cache.forget(keys)
            raise ShopBenchError(
                f"the writer refused all {len(asked)} requests of a batch, the first with {refusals[0][:200]!r}: check that "
                "the server takes JSON schemas and prompts of this length; these refusals are not kept"
            )

    def _affordable(self, requests: list[Request]) -> list[Request]:
        asked, tokens = self.cache.spent()
        kept = []
        for request in requests:
            asked += 1
            tokens += request.most_tokens
            if asked > self.budget.requests or tokens > self.budget.tokens:
                break
            kept.append(request)
        return kept


def _batches(requests: Iterator[Request], size: int) -> Iterator[list[Request]]:
    while batch := list(islice(requests, size)):
        yield batch
