"""Writes a report in the layout of EleutherAI's lm-evaluation-harness (0.4), so that its tools read our results.

Its command writes `results_<date>.json` and a `samples_<task>_<date>.jsonl` a task into a folder named after the model; so
does this. The fields are those of `lm_eval.loggers.EvaluationTracker`; a standard error is read off our interval.
"""

import hashlib
import json
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluation.predictions import Row
from evaluation.reports import Report, model_name
from submission.errors import ShopBenchError
from submission.json_lines import to_line
from submission.places import ROOT

_NO_FILTER = "none"
# Half of a 95 % interval is so many standard errors.
_STANDARD_ERRORS = 1.96
_NAMES = {"accuracy": "acc"}


def check_target(path: Path) -> None:
    """Raise a `ShopBenchError` where nothing could be written to `path`, before hours are spent on what would stand there."""
    folder = path.parent if path.suffix == ".json" else path
    if path.suffix == ".json" and path.exists():
        raise ShopBenchError(f"{path} is there already: name another file, or a folder, for --lm-eval")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Whether a file can be made, only making one shows.
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ShopBenchError(f"cannot write {folder}: {error.strerror}") from error


def write_lm_eval(report: Report, path: Path) -> Path:
    """Write the results, and the samples beside them, into the folder `path`, or to `path` itself if it ends in `.json`.

    Returns the file of the results, which is written last.
    """
    date = time.strftime("%Y-%m-%dT%H-%M-%S")
    folder = path / _file_name(model_name(report.content))
    target = path if path.suffix == ".json" else folder / f"results_{date}.json"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        samples = {name: [_sample(row) for row in rows] for name, rows in _by_task(report.rows).items()}
        for name, lines in samples.items():
            file = target.with_name(f"samples_{_file_name(name)}_{date}.jsonl")
            file.write_bytes(b"".join(map(to_line, lines)))
        new = target.with_name(f".{target.name}.new")
        new.write_text(json.dumps(_results(report, samples), indent=2, ensure_ascii=False), encoding="utf-8")
        new.replace(target)
    except OSError as error:
        raise ShopBenchError(f"cannot write {target}: {error.strerror}") from error
    return target


def _by_task(rows: Sequence[Row]) -> dict[str, list[Row]]:
    tasks: dict[str, list[Row]] = {}
    for row in rows:
        tasks.setdefault(row["task_name"], []).append(row)
    return tasks


def _results(report: Report, samples: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    content = report.content
    tasks: dict[str, Any] = content["tasks"]
    names = {name: _metric(task["metric"]) for name, task in tasks.items()}
    groups = {f"track{track['number']}": (challenge, track) for challenge, track in content["tracks"].items()}
    group_results = {
        name: {"alias": track["name"], **_values("score", track["score"], track["interval"])}
        for name, (_, track) in groups.items()
    }
    if content["overall_score"] is not None:
        overall = _values("score", content["overall_score"], content["overall_interval"])
        group_results = {"shopbench": {"alias": "shopbench", **overall}, **group_results}
    results = {
        name: {
            "alias": name,
            "sample_len": task["num_samples"],
            **_values(names[name], task["score"], task["interval"]),
        }
        for name, task in tasks.items()
    }
    model = model_name(content)
    adapter = {"lora_local_path": content["adapter"]["folder"]} if content.get("adapter") else {}
    return {
        "results": {**group_results, **results},
        "groups": group_results,
        "group_subtasks": _subtasks(tasks, groups),
        "configs": {
            name: {
                "task": name,
                "output_type": "generate_until",
                "num_fewshot": 0,
                "metric_list": [{"metric": names[name], "higher_is_better": True}],
                "metadata": {"task_type": task["task_type"], "track": task["track"], "answers": task["answers"]},
            }
            for name, task in tasks.items()
        },
        "versions": dict.fromkeys(tasks, 1),
        "n-shot": dict.fromkeys(tasks, 0),
        "higher_is_better": {name: {names[name]: True} for name in tasks},
        "n-samples": {
            name: {"original": task["num_samples"], "effective": task["num_samples"]} for name, task in tasks.items()
        },
        "config": {
            "model": "vllm",
            "model_args": {"pretrained": str(content["model"]), **adapter, "profile": content["profile"]},
            "batch_size": (content["settings"].get("profile") or {}).get("batch_size"),
            "limit": content["settings"]["evaluation"]["limit"],
            "random_seed": content["seed"],
            "shopbench": content["settings"],
        },
        "git_hash": content["commit"],
        "date": time.mktime(time.strptime(content["date"][:19], "%Y-%m-%dT%H:%M:%S")),
        "pretty_env_info": json.dumps({"machine": content["machine"], "versions": content["versions"]}),
        "transformers_version": content["versions"].get("transformers"),
        "task_hashes": {name: _hash("".join(_hashes(line) for line in lines)) for name, lines in samples.items()},
        "model_source": "vllm",
        "model_name": model,
        "model_name_sanitized": _file_name(model),
        "total_evaluation_time_seconds": str(content["timing"]["load_s"] + content["timing"]["predict_s"]),
    }


def _subtasks(tasks: Mapping[str, Any], groups: Mapping[str, Any]) -> dict[str, list[str]]:
    of_track = {
        name: [task for task, entry in tasks.items() if entry["track"] == challenge]
        for name, (challenge, _) in groups.items()
    }
    unnamed = [task for task, entry in tasks.items() if entry["track"] is None]
    return {"shopbench": [*of_track, *unnamed], **of_track}


def _metric(name: str) -> str:
    # A comma parts a metric's name from its filter's, so none may stand in it.
    return _NAMES.get(name, name.replace(", ", "+").replace(" ", "_"))


def _values(metric: str, score: float, interval: Sequence[float]) -> dict[str, float]:
    error = (interval[1] - interval[0]) / 2 / _STANDARD_ERRORS
    return {f"{metric},{_NO_FILTER}": score, f"{metric}_stderr,{_NO_FILTER}": error}


def _sample(row: Row) -> dict[str, Any]:
    doc = {name: row[name] for name in ("question", "task_name", "track", "task_type", "metric")}
    metric, prompt = _metric(row["metric"]), row["prompt"] or row["question"]
    return {
        "doc_id": row["id"],
        "doc": doc,
        "target": row["truth"],
        "arguments": {"gen_args_0": {"arg_0": prompt, "arg_1": {}}},
        "resps": [[row["response"] if row["raw_text"] is None else row["raw_text"]]],
        "filtered_resps": [row["response"]],
        "filter": _NO_FILTER,
        "metrics": [metric],
        "doc_hash": _hash(json.dumps(doc, indent=2, ensure_ascii=False)),
        "prompt_hash": _hash(prompt),
        "target_hash": _hash(row["truth"]),
        metric: row["score"],
    }


def _hashes(sample: Mapping[str, Any]) -> str:
    return sample["doc_hash"] + sample["prompt_hash"] + sample["target_hash"]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "__", name.removeprefix(f"{ROOT}/")).strip("_") or "model"
