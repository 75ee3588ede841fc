"""Pictures, drawn one way: a figure of its own, without pyplot, which keeps all figures and looks for a window system."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# matplotlib is imported where it is used: it takes a second, and most runs draw nothing.

_DOTS_PER_INCH = 120


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure; sizes are in inches."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def save_png(figure: "Figure", path: Path) -> None:
    """Write a figure to `path`, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".tmp")
    # Without the library's version in the file, the same picture has the same bytes.
    figure.savefig(temporary, format="png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
    temporary.replace(path)


def as_svg(figure: "Figure") -> str:
    """Return a figure as an SVG element whose texts are texts and not outlines."""
    from matplotlib import rc_context

    written = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "shopbench"}):
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = written.getvalue()
    # The declarations before it belong to a file, not to a page.
    return text[text.index("<svg") :]


def plain_text(text: str) -> str:
    """Return a text as a picture shows it letter by letter: a dollar sign would begin a formula."""
    return text.replace("$", r"\$")
