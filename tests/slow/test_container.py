"""docker_run.sh with a real engine: the cpu image built, the limits reached, and what lies there afterwards.

Needs 10 GB of disk. What has to be slow or to tell what it sees is a stand-in for the model, in an image on top of the real one.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from submission.model_folder import EMBEDDED_MODEL, ROOT
from tests.slow import container_engine
from tests.slow.container_engine import docker

pytestmark = pytest.mark.skipif(container_engine.missing() is not None, reason=str(container_engine.missing()))

IMAGE = "shopbench-cpu"
SAMPLES = ["--", "--data", "data/sample_questions.jsonl"]
# Tells what the container hands to a model, and takes its time where the seed says so.
STAND_IN = """
import json, os, time
from pathlib import Path

class UserModel:
    def __init__(self):
        folder = Path(os.environ.get("SHOPBENCH_MODEL", "weights/SmolLM2-135M-Instruct"))
        read = {file.name: len(file.read_bytes()) for file in folder.iterdir()}
        seen = {name: value for name, value in os.environ.items() if name.startswith(("SHOPBENCH", "AICROWD"))}
        status = dict(line.split(":\\t") for line in Path("/proc/self/status").read_text().splitlines() if ":\\t" in line)
        print("SEEN", json.dumps({
            "files": read, "environment": seen, "user": os.getuid(), "init": Path("/proc/1/comm").read_text().strip(),
            "capabilities": status["CapBnd"], "no_new_privileges": status["NoNewPrivs"], "host": os.uname().nodename,
            "networks": sorted(os.listdir("/sys/class/net")), "submitted": Path("models/weights").exists(),
        }))
    def get_batch_size(self):
        return 1
    def batch_predict(self, batch, is_multiple_choice):
        time.sleep(float(os.environ.get("AICROWD_RUN_SEED", 0)))
        return ["1"] * len(batch["prompt"])
"""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the tracked files that only its owner can read, at a path with a space and a comma."""
    scratch = tmp_path_factory.mktemp("container")
    # Others reach what lies below, as in anybody's home folder that is open.
    for folder in (scratch, scratch.parent):
        folder.chmod(0o755)
    folder = scratch / "a clone, closed"
    for name in subprocess.check_output(["git", "ls-files", "-z"], cwd=ROOT, text=True).split("\0")[:-1]:
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    for name in ("SmolLM2-135M-Instruct", "all-MiniLM-L6-v2"):
        shutil.copytree(ROOT / "weights" / name, folder / "weights" / name)
    subprocess.run(["chmod", "-R", "go=", folder], check=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def image(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Build the image through docker_run.sh with everything below an engine that is taken away again; return its build's log."""
    work = tmp_path_factory.mktemp("engine")
    scratch = tmp_path_factory.mktemp("images")
    with container_engine.engine(work):
        before = subprocess.run(["docker", "image", "inspect", "-f", "{{.Id}}", IMAGE], capture_output=True, text=True)
        try:
            arguments = container_engine.build_arguments(scratch)
            # --limit 1 keeps the run that follows the build short.
            code, said = run(clone, "--cpu", *SAMPLES, "--limit", "1", SHOPBENCH_BUILD_ARGS=arguments)
            assert code == 0, said[-4000:]
            stand_in = scratch / "stand_in"
            stand_in.mkdir()
            (stand_in / "user_config.py").write_text(STAND_IN)
            (stand_in / "Dockerfile").write_text(
                f"FROM {IMAGE}\nCOPY --chown=1001:1001 user_config.py models/user_config.py\n"
            )
            docker("build", "-t", "shopbench-test/stand-in", stand_in)
            docker("tag", IMAGE, "shopbench-test/real")
            yield said
        finally:
            shutil.rmtree(scratch)
            names = ("stand-in", "real", "base", "uv", "rootfs")
            subprocess.run(
                ["docker", "rmi", "-f", IMAGE, *(f"shopbench-test/{name}" for name in names)], capture_output=True
            )
            if before.returncode == 0:
                docker("tag", before.stdout.strip(), IMAGE)


@pytest.fixture
def real(image: str) -> None:
    docker("tag", "shopbench-test/real", IMAGE)


@pytest.fixture
def stand_in(image: str) -> None:
    docker("tag", "shopbench-test/stand-in", IMAGE)


def start(clone: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(clone / "docker_run.sh"), *arguments],
        env={**os.environ, "SHOPBENCH_BUILD_ARGS": "off", **environment},
        cwd=clone.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # What runs in the background of a shell ignores SIGINT, and would hand that on.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def run(clone: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    process = start(clone, *arguments, **environment)
    said, _ = process.communicate(timeout=1800)
    return process.returncode, said


def seen(said: str) -> dict:
    # Progress goes to the same output, and may stand before and behind it on its line.
    return json.JSONDecoder().raw_decode(said[said.index("SEEN ") + len("SEEN ") :])[0]


def owners(folder: Path) -> set[tuple[int, str]]:
    return {(path.stat().st_uid, oct(path.stat().st_mode & 0o022)) for path in [folder, *folder.rglob("*")]}


def test_a_clone_that_is_closed_to_others_answers_the_sample_questions_and_opens_what_is_needed(clone, real):
    code, said = run(clone, "--cpu", "--limits", "phase2", *SAMPLES)
    assert code == 0, said[-3000:]
    assert re.search(r"^Limits: [1-4] processors, 8g of memory", said, re.M)
    report = json.loads((clone / "reports" / "container" / "report.json").read_text())
    assert len((clone / "reports" / "container" / "predictions.jsonl").read_text().splitlines()) == 72, report
    assert owners(clone / "reports" / "container") == {(1001, "0o0")} or os.geteuid() != 0
    assert oct((clone / "weights").stat().st_mode & 0o777) == "0o700"
    assert oct((clone / "local_evaluation.py").stat().st_mode & 0o777) in ("0o600", "0o700")


def test_the_image_names_its_licence_and_version_and_holds_byte_code(clone, real):
    labels = json.loads(docker("image", "inspect", "-f", "{{json .Config.Labels}}", IMAGE))
    assert labels["org.opencontainers.image.licenses"] == "Apache-2.0"
    assert f'version = "{labels["org.opencontainers.image.version"]}"' in (ROOT / "pyproject.toml").read_text()
    found = docker(
        "run",
        "--rm",
        "--network",
        "none",
        IMAGE,
        "sh",
        "-c",
        "ls /opt/venv/lib/python3.11/site-packages/vllm/__pycache__ | wc -l; pip --version; ls /tmp/requirements",
    )
    count, pip, *locks = found.splitlines()
    assert int(count) > 10
    assert f"pip=={pip.split()[1]} " in (ROOT / "requirements" / "pip.lock").read_text()
    assert sorted(locks) == ["cpu.lock", "pip.lock", "setuptools.lock", "torch-cpu.lock"]


def test_the_memory_limit_ends_with_137_and_a_sentence_and_the_old_report_stays(clone, real):
    report = clone / "reports" / "container" / "report.md"
    before = report.read_text()
    code, said = run(clone, "--cpu", *SAMPLES, "--overwrite", SHOPBENCH_MEMORY="1g")
    assert code == 137, said[-3000:]
    assert "Exit code 137: the container was killed" in said.splitlines()[-2]
    assert report.read_text() == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_ends_the_run_within_ten_seconds_and_resume_continues(clone, real, number, code):
    journal = clone / "reports" / "container" / "journal.jsonl"
    journal.unlink(missing_ok=True)
    process = start(clone, "--cpu", *SAMPLES)
    deadline = time.monotonic() + 600
    # What was asked and how long loading took come first, then the answers of a batch a line.
    while not (journal.is_file() and len(journal.read_text().splitlines()) > 2):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.5)
    process.send_signal(number)
    sent = time.monotonic()
    said, _ = process.communicate(timeout=60)
    assert time.monotonic() - sent < 10
    assert process.returncode == code, said[-3000:]
    assert docker("ps", "-q", "--filter", f"ancestor={IMAGE}") == ""
    code, said = run(clone, "--cpu", *SAMPLES, "--resume")
    assert code == 0, said[-3000:]
    assert int(re.search(r"Resuming: (\d+) of 72", said)[1]) > 0


def test_a_slow_model_ends_with_3_and_a_sentence(clone, stand_in):
    code, said = run(clone, "--cpu", "--limits", "phase2", *SAMPLES, AICROWD_RUN_SEED="60")
    assert code == 3, said[-3000:]
    assert "Exit code 3: a time limit was exceeded" in said


def test_the_container_has_no_network_no_capabilities_and_an_init(clone, stand_in):
    told = seen(run(clone, "--cpu", *SAMPLES, "--limit", "1")[1])
    assert told["networks"] == ["lo"]
    assert (told["user"], told["host"], told["no_new_privileges"]) == (1001, "localhost", "1")
    assert int(told["capabilities"], 16) == 0
    assert told["init"] != "python"


def test_all_that_steers_a_run_is_handed_on(clone, stand_in):
    given = {
        "SHOPBENCH_TRACK": "2",
        "AICROWD_RUN_SEED": "0",
        "SHOPBENCH_TIME_LIMIT": "off",
        "SHOPBENCH_QUESTIONS": "9",
        "SHOPBENCH_CONSTRAINTS": "off",
        "SHOPBENCH_CALIBRATION": "off",
    }
    told = seen(run(clone, "--cpu", *SAMPLES, "--limit", "1", **given)[1])
    assert {name: told["environment"].get(name) for name in given} == given


@pytest.mark.parametrize("cpus", ["1.5", "0.5", "1000"])
def test_processors_may_be_fractions_and_come_from_the_machine(clone, stand_in, cpus):
    code, said = run(clone, "--cpu", *SAMPLES, "--limit", "1", SHOPBENCH_CPUS=cpus, OMP_NUM_THREADS="1")
    assert code == 0, said
    wanted = min(float(cpus), float(docker("info", "-f", "{{.NCPU}}")))
    assert float(re.search(r"Limits: (\S+) processors", said)[1]) == wanted


def test_the_embedded_model_is_taken_without_cards_unless_one_is_named(clone, stand_in):
    submitted = clone / "models" / "weights"
    shutil.copytree(clone / "weights" / "SmolLM2-135M-Instruct", submitted)
    try:
        told = seen(run(clone, "--cpu", *SAMPLES, "--limit", "1")[1])
        assert not told["submitted"] and "SHOPBENCH_MODEL" not in told["environment"]
        told = seen(run(clone, "--cpu", *SAMPLES, "--limit", "1", SHOPBENCH_MODEL=str(submitted))[1])
        assert told["environment"]["SHOPBENCH_MODEL"] == "/models/weights"
    finally:
        shutil.rmtree(submitted)


def cached(folder: Path) -> Path:
    """A model as Hugging Face's cache holds it: a snapshot of links into another folder."""
    snapshot, blobs = folder / "snapshots" / "1", folder / "blobs"
    snapshot.mkdir(parents=True)
    blobs.mkdir()
    for number, file in enumerate(sorted(EMBEDDED_MODEL.iterdir())):
        shutil.copyfile(file, blobs / str(number))
        (snapshot / file.name).symlink_to(f"../../blobs/{number}")
    return snapshot


def test_a_model_outside_the_clone_is_mounted_even_where_it_is_links_and_anothers(clone, stand_in):
    folder = clone.parent / 'a cache, "odd"'
    try:
        snapshot = cached(folder)
        (clone.parent / "link").symlink_to(snapshot)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", "2000:2000", folder], check=True)
        for name in (str(snapshot), "link"):
            code, said = run(clone, "--cpu", *SAMPLES, "--limit", "1", SHOPBENCH_MODEL=name)
            assert code == 0, said[-3000:]
            assert seen(said)["files"] == {file.name: file.stat().st_size for file in EMBEDDED_MODEL.iterdir()}
    finally:
        (clone.parent / "link").unlink(missing_ok=True)
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="another user can only be taken by root")
def test_a_user_who_is_not_root_runs_it_twice_and_owns_the_report_folder(clone, stand_in):
    socket = Path(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
    theirs = clone.parent / "theirs"
    shutil.copytree(clone, theirs, ignore=shutil.ignore_patterns("reports"))
    subprocess.run(["chown", "-R", "2000:2000", theirs], check=True)
    mode, group = socket.stat().st_mode & 0o777, socket.stat().st_gid
    os.chown(socket, -1, 2000)
    socket.chmod(0o660)
    as_other = ["setpriv", "--reuid", "2000", "--regid", "2000", "--clear-groups"]
    reachable = [folder for folder in socket.parents if not folder.stat().st_mode & 0o001]
    modes = {folder: folder.stat().st_mode & 0o777 for folder in reachable}
    try:
        for folder in reachable:
            folder.chmod(modes[folder] | 0o001)
        for _ in range(2):
            done = subprocess.run(
                [*as_other, "./docker_run.sh", "--cpu", *SAMPLES, "--limit", "1"],
                cwd=theirs,
                env={**os.environ, "SHOPBENCH_BUILD_ARGS": "off", "HOME": str(theirs)},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        reports = theirs / "reports" / "container"
        assert (reports.stat().st_uid, reports.stat().st_gid, reports.stat().st_mode & 0o002) == (2000, 2000, 0)
        assert {file.stat().st_gid for file in reports.iterdir()} == {2000}
        (kept,) = reports.parent.glob("container-*")
        assert (kept / "report.json").is_file() and (reports / "report.json").is_file()
        subprocess.run([*as_other, "rm", "-r", kept, reports], check=True)
    finally:
        for folder, before in modes.items():
            folder.chmod(before)
        os.chown(socket, -1, group)
        socket.chmod(mode)
        shutil.rmtree(theirs)


@pytest.mark.parametrize(
    ("arguments", "environment", "message"),
    [
        ([], {}, "no NVIDIA driver here"),
        (["--cpu"], {"SHOPBENCH_CPUS": "two"}, "SHOPBENCH_CPUS=two"),
        (["--cpu"], {"SHOPBENCH_CPUS": "0"}, "SHOPBENCH_CPUS=0"),
        (["--cpu"], {"SHOPBENCH_MEMORY": "lots"}, "SHOPBENCH_MEMORY=lots"),
        (["--cpu"], {"SHOPBENCH_MODEL": "/nowhere"}, "/nowhere"),
        (["--cpu", "--", "--model=/"], {}, "config.json"),
        (["--cpu", "--", "--data", "none.json"], {}, "none.json"),
        (["--cpu", "--", "--output", "here"], {}, "reports/container"),
        (["--cpu", "--limits"], {}, "--limits needs a value"),
    ],
)
def test_what_is_wrong_is_named_before_anything_is_built(clone, stand_in, arguments, environment, message):
    if not arguments and shutil.which("nvidia-smi"):
        pytest.skip("this machine has cards")
    # A build would fail with another message.
    code, said = run(clone, *arguments, **{"SHOPBENCH_BUILD_ARGS": "--no-such-argument", **environment})
    assert code == 2, said
    assert message in said and "no-such-argument" not in said
