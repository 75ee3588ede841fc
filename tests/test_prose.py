"""Texts that people read are in short sentences, in lines that fit, and without words that readers stumble over."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_WORDS = 25
"""Words of a sentence; a colon or semicolon ends one too."""
LONGEST_LINE = 110
"""Characters of a line of prose in a document; tables, code and pictures may be longer."""
RETIRED = re.compile(
    r"\b(mends?|mended|mending|for want of|whoever|shall|reckon(s|ed|ing)?|bears?|held against|asked anew|"
    r"loaded anew|as they are remembered|none of the form)\b",
    re.IGNORECASE,
)


def tracked(*patterns: str) -> list[Path]:
    """The files of the project by their patterns, those that git ignores left out."""
    listed = subprocess.run(
        ["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


GENERATED = {"docs/t4_check.md"}  # by `make check-t4`, which breaks no lines
DOCUMENTS = [path for path in tracked("*.md") if str(path.relative_to(ROOT)) not in GENERATED]
MODULES = [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] != "tests"]


def paragraphs(document: str) -> Iterator[str]:
    """The paragraphs and list items of a Markdown document, without its code, tables, headings and pictures."""
    document = re.sub(r"^```.*?^```", "", document, flags=re.DOTALL | re.MULTILINE)
    paragraph: list[str] = []
    for line in [*document.splitlines(), ""]:
        text = line.strip()
        other = not text or text.startswith(("|", "#", "<", "!")) or line.startswith("    ")
        if paragraph and (other or re.match(r"([-*]|\d+\.)\s", text)):
            yield " ".join(paragraph)
            paragraph = []
        if not other:
            paragraph.append(text)


def sentences(paragraph: str) -> list[str]:
    """A paragraph cut at the ends of its sentences; a stretch of code counts as one word."""
    return re.split(r"(?<=[.!?:;])[)*\"]*\s+", re.sub(r"`[^`]*`", "code", paragraph))


def words(sentence: str) -> int:
    """How many words a sentence has; signs and figures are none."""
    return sum(bool(re.search(r"[^\W\d]", word)) for word in sentence.split())


def too_long(texts: Iterator[str]) -> list[str]:
    return [sentence for text in texts for sentence in sentences(text) if words(sentence) > MOST_WORDS]


def docstrings(module: Path) -> Iterator[str]:
    """The paragraphs of a module's docstrings."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield from paragraphs(ast.get_docstring(node) or "")


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_is_in_short_sentences_and_lines(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert too_long(paragraphs(text)) == []
    prose = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE).splitlines()
    assert [
        line for line in prose if len(line) > LONGEST_LINE and not line.lstrip().startswith(("|", "!", "<", "["))
        and not line.startswith("    ")
    ] == []  # fmt: skip


def test_docstrings_are_in_short_sentences() -> None:
    found = [f"{path.relative_to(ROOT)}: {sentence}" for path in MODULES for sentence in too_long(docstrings(path))]
    assert found == []


def test_retired_words_are_gone() -> None:
    read = tracked("*.md", "*.py", "*.sh", "*.yaml", "*.toml", "Makefile", "Dockerfile")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in read
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if RETIRED.search(line)
    ]
    assert found == []
