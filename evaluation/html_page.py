"""Renders a template of `evaluation/page` as one HTML file with its data, its style, its script and the table library in it.

The one thing to know: only what was packed here can run. The page's policy names the scripts by their hashes and
forbids everything else, the network included. So a question that holds a script stays a text.
"""

import base64
import hashlib
import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.json_lines import to_line

_HERE = Path(__file__).resolve().parent / "page"
_LICENCE = "licenses/LICENSE"


def table_library() -> Distribution:
    """Return the package that carries the table library; a `ShopBenchError` says how it is installed."""
    try:
        return distribution("itables")
    except PackageNotFoundError as error:
        raise ShopBenchError(
            "the package itables is missing, which report.html is made with: run `make setup`"
        ) from error


def as_json(value: Any) -> str:
    """Return plain data as JSON that may stand in a page, since no tag begins in it."""
    return to_line(value).decode("utf-8").strip().replace("<", "\\u003c")


def render(template: str, data: str, **values: Any) -> str:
    """Return the page of a template and its script, to which `data`, JSON from `as_json`, is handed."""
    # Imported here: most commands that read reports make no page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    package = table_library()
    library, script = _as_module(package), _read("browser.js") + _read(f"{template}.js")
    environment = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
    return environment.get_template(f"{template}.html.jinja").render(
        **values,
        data=data,
        library=library,
        script=script,
        script_hashes=" ".join(f"'sha256-{_sha256(text)}'" for text in (library, script)),
        css=_read("page.css"),
        table_css=_static(package, "dt_bundle.css").replace("</", "<\\/"),
        library_version=package.version,
        licence=package.read_text(_LICENCE),
    )


def _as_module(package: Distribution) -> str:
    """Return the library as a module that puts what it exports into `window.packed`, its licence notes kept."""
    # What would end or nest the page's script element stands in strings and patterns only, where it can be spelt otherwise.
    code = re.sub("<(?=!--|/?script)", r"\\x3c", _static(package, "dt_bundle.js"), flags=re.IGNORECASE)
    before, _, rest = code.rpartition("export{")
    exported, _, after = rest.partition("}")
    pairs = (part.partition(" as ") for part in exported.split(","))
    return before + "window.packed={" + ",".join(f"{name or inner}:{inner}" for inner, _, name in pairs) + "}" + after


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _static(package: Distribution, name: str) -> str:
    return Path(str(package.locate_file(f"itables/html/{name}"))).read_text(encoding="utf-8")


def _sha256(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
