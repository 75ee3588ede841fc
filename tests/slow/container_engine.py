"""A Docker engine and the images that the Dockerfile starts from: those that answer, or ones made here and taken away again."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from submission.model_folder import ROOT

_UV = "uv==0.13.9"
_CERTIFICATES = Path("/usr/local/share/ca-certificates")
_BASE = """\
FROM shopbench-test/rootfs
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates python3.11-dev python3.11-venv \\
    && update-ca-certificates && rm -rf /var/lib/apt/lists/*
ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
"""


def docker(*arguments: str | Path, stdin: bytes | None = None) -> str:
    """Run a docker command, and return what it printed; a failure shows the command's last lines."""
    done = subprocess.run(["docker", *map(str, arguments)], input=stdin, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()[-3000:] + done.stdout.decode()[-3000:]
    return done.stdout.decode().strip()


def engine_answers() -> bool:
    """Say whether a Docker engine answers."""
    return (
        shutil.which("docker") is not None and subprocess.run(["docker", "info"], capture_output=True).returncode == 0
    )


def missing() -> str | None:
    """Return why no container can be run here, or None."""
    if shutil.which("docker") is None:
        return "docker is not installed"
    if not engine_answers() and (shutil.which("dockerd") is None or os.geteuid() != 0):
        return "no Docker engine answers, and one can be started only as root where dockerd is installed"
    return None


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[None]:
    """Have an engine answer: the one that does, or one of our own with everything in `folder`.

    Our own leaves the machine's network as it is: it has no bridge, and builds use the host's network.
    """
    if engine_answers():
        yield
        return
    socket = f"unix://{folder}/socket"
    with (folder / "dockerd.log").open("wb") as log:
        server = subprocess.Popen(
            [
                *(
                    "dockerd",
                    "--data-root",
                    folder / "data",
                    "--exec-root",
                    folder / "exec",
                    "--pidfile",
                    folder / "pid",
                ),
                *("-H", socket, "--bridge", "none", "--iptables=false", "--ip6tables=false"),
                *("--ip-forward=false", "--ip-masq=false"),
            ],
            stdout=log,
            stderr=log,
        )
    before = os.environ.get("DOCKER_HOST")
    os.environ["DOCKER_HOST"] = socket
    try:
        for _ in range(60):
            if engine_answers():
                break
            assert server.poll() is None, (folder / "dockerd.log").read_text()[-3000:]
            time.sleep(1)
        yield
    finally:
        server.terminate()
        server.wait(60)
        # The engine leaves mounts of its own and empty control groups behind.
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in reversed([mount for mount in mounts if mount.startswith(f"{folder}/")]):
            subprocess.run(["umount", mount], check=True)
        for group in Path("/sys/fs/cgroup").glob("**/docker"):
            with contextlib.suppress(OSError):
                group.rmdir()
        del os.environ["DOCKER_HOST"]
        if before is not None:
            os.environ["DOCKER_HOST"] = before
        shutil.rmtree(folder)


def build_arguments(folder: Path) -> str:
    """Make a base and uv without an image registry, and return the SHOPBENCH_BUILD_ARGS that name them.

    Without debootstrap (or not as root) the Dockerfile's own bases are fetched: an empty string is returned.
    """
    if shutil.which("debootstrap") is None or os.geteuid() != 0:
        return ""
    root = folder / "rootfs"
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", root], check=True, stdout=subprocess.DEVNULL)
    if _CERTIFICATES.is_dir():
        shutil.copytree(_CERTIFICATES, root / "usr/local/share/ca-certificates", dirs_exist_ok=True)
    wheel = _download(folder, "-r", str(ROOT / "requirements" / "torch-cpu.lock"), "--require-hashes")
    _write_index(root / "wheels", wheel)
    _import(root, ".", "shopbench-test/rootfs")
    context = folder / "context"
    context.mkdir()
    docker("build", "--network", "host", "-t", "shopbench-test/base", "-f", "-", context, stdin=_BASE.encode())

    # The wheel of uv holds the program.
    shutil.unpack_archive(_download(folder, _UV), folder / "uv", "zip")
    program = next((folder / "uv").glob("*.data/scripts/uv"))
    program.chmod(0o755)
    _import(program.parent, "uv", "shopbench-test/uv")
    return (
        "--network host --build-arg BASE=shopbench-test/base --build-arg UV=shopbench-test/uv"
        " --build-arg PYTHON=/usr/bin/python3.11 --build-arg TORCH_INDEX=file:///wheels"
    )


def _download(folder: Path, *what: str) -> Path:
    target = folder / "downloads" / str(len(list(folder.glob("downloads/*"))))
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(target), *what]
    done = subprocess.run(command, capture_output=True)
    if done.returncode != 0:
        subprocess.run([*command, "--index-url", "https://download.pytorch.org/whl/cpu"], check=True)
    return next(target.glob("*.whl"))


def _write_index(folder: Path, wheel: Path) -> None:
    """Write a package index that holds one wheel."""
    package = folder / wheel.name.split("-")[0]
    package.mkdir(parents=True)
    shutil.copy(wheel, package)
    link = wheel.name.replace("+", "%2B")
    (package / "index.html").write_text(f'<!DOCTYPE html><a href="{link}">{wheel.name}</a>')
    (folder / "index.html").write_text(f'<!DOCTYPE html><a href="{package.name}/">{package.name}</a>')


def _import(folder: Path, what: str, tag: str) -> None:
    with subprocess.Popen(["tar", "-C", folder, "-c", what], stdout=subprocess.PIPE) as packed:
        subprocess.run(["docker", "import", "-", tag], stdin=packed.stdout, check=True, stdout=subprocess.DEVNULL)
