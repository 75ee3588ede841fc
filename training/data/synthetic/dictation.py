"""Asks a writer within a budget and never twice: replies are kept on disk by request as they come.

A killed run finds them and goes on behind the last one; what they cost stays counted, so a budget holds over all runs.
Replies without the object that was asked for, or without its keys, are not kept: once the writer is fixed, the same
command asks for them again.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from pydantic import Field

from evaluation.progress import bar
from submission.errors import ShopBenchError
from training.data.synthetic.replies import is_readable, why_unreadable
from training.data.synthetic.requests import Reply, WriterRequest, WriterSettings
from training.data.synthetic.writers import Writer
from training.recipe import RecipeSection

# A batch this large of which nothing can be read says something about the server, not about the requests.
_MANY = 8
# How many are asked first, to see whether replies can be read, before whole batches are paid for.
_FIRST = 16
_SAMPLE_CHARACTERS = 200


class Budget(RecipeSection):
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
        self._connection.execute("CREATE TABLE IF NOT EXISTS not_kept (tokens INTEGER)")

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

    def put_cost(self, tokens: int) -> None:
        """Count a request whose reply is not kept."""
        with self._connection:
            self._connection.execute("INSERT INTO not_kept VALUES (?)", (tokens,))

    def spent(self) -> tuple[int, int]:
        """Return how many requests were asked and how many tokens they took."""
        tables = "(SELECT tokens FROM replies UNION ALL SELECT tokens FROM not_kept)"
        return self._connection.execute(f"SELECT COUNT(*), COALESCE(SUM(tokens), 0) FROM {tables}").fetchone()

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
        self._not_kept: dict[WriterRequest, Reply] = {}
        self._has_read = False

    def replies(self, requests: Sequence[WriterRequest], title: str) -> list[Reply | None]:
        """Return the reply to each request, None for those that the budget did not cover.

        Requests are asked in order, some at a time; the most that those can cost is set aside beforehand, so the budget
        is never overdrawn. A batch of which nothing can be read is a `ShopBenchError`.
        """
        with bar(len(requests), title, "request") as shown:
            unknown = []
            for request in dict.fromkeys(requests):
                if self._kept(request) is None:
                    unknown.append(request)
                else:
                    shown.update()

            def done(request: WriterRequest, reply: Reply) -> None:
                self._keep(request, reply)
                shown.update()

            for some in _batches(unknown, 8 * self.settings.concurrency):
                affordable = self._affordable(some)
                if affordable:
                    self.writer.write(affordable, done)
                    self._stop_if_nothing_can_be_read(affordable)
                if len(affordable) < len(some):
                    break
        return [self._kept(request) or self._not_kept.get(request) for request in requests]

    def check_that_something_was_read(self) -> None:
        """Raise a `ShopBenchError` where a run, however short, has got no object at all."""
        if self._not_kept and not self._has_read:
            raise _nothing_read(list(self._not_kept.items()))

    def _keep(self, request: WriterRequest, reply: Reply) -> None:
        if reply.refusal or is_readable(request, reply):
            self._has_read |= not reply.refusal
            self.cache.put(request.key(self.settings), reply)
        else:
            self.cache.put_cost(reply.tokens)
            self._not_kept[request] = reply

    def _kept(self, request: WriterRequest) -> Reply | None:
        """Return the reply that is kept; one without an object, of which older caches hold some, is given up."""
        key = request.key(self.settings)
        reply = self.cache.get(key)
        if reply is None or reply.refusal:
            return reply
        if not is_readable(request, reply):
            self.cache.put_cost(reply.tokens)
            self.cache.forget([key])
            return None
        self._has_read = True
        return reply

    def _stop_if_nothing_can_be_read(self, asked: list[WriterRequest]) -> None:
        pairs = [(request, self._kept(request) or self._not_kept[request]) for request in asked]
        if len(pairs) < _MANY or any(is_readable(*pair) for pair in pairs):
            return
        replies = [reply for _, reply in pairs]
        if all(reply.refusal for reply in replies):
            self.cache.forget([request.key(self.settings) for request in asked])
            raise ShopBenchError(
                f"the writer refused all {len(asked)} requests of a batch, the first with {replies[0].refusal[:200]!r}: "
                "check that the server takes JSON schemas and prompts of this length; these refusals are not kept"
            )
        raise _nothing_read(pairs)

    def _affordable(self, requests: list[WriterRequest]) -> list[WriterRequest]:
        asked, tokens = self.cache.spent()
        kept = []
        for request in requests:
            asked += 1
            tokens += request.most_tokens(self.settings)
            if asked > self.budget.requests or tokens > self.budget.tokens:
                break
            kept.append(request)
        return kept


def _nothing_read(pairs: list[tuple[WriterRequest, Reply]]) -> ShopBenchError:
    reasons = [why_unreadable(*pair) for pair in pairs]
    reason, count = Counter(reasons).most_common(1)[0]
    sample = pairs[reasons.index(reason)][1]
    return ShopBenchError(
        f"none of {len(pairs)} replies holds the JSON object that was asked for. {reason} ({count} of them), as in "
        f"{(sample.refusal or sample.text)[:_SAMPLE_CHARACTERS]!r}. Check that the server holds its model to JSON schemas. A "
        "model that thinks needs writer.thinking_tokens, or writer.extra_body to tell the server that it must not "
        "think. These replies are not kept, so the same command asks for them again"
    )


def _batches(requests: Sequence[WriterRequest], size: int) -> Iterator[list[WriterRequest]]:
    """Yield requests some at a time, first only so many as show whether replies can be read."""
    rest = iter(requests)
    if first := list(islice(rest, _FIRST)):
        yield first
    while batch := list(islice(rest, size)):
        yield batch
