"""The nine metrics, registered by the names that the data use; a new task is data, not code.

A metric turns parsed predictions and truths into one score a question, and the scores of a task into one number. That
number is a mean except for micro F1, whose scores are counts. Everything follows the competition's evaluator, quirks
included. The libraries behind the text metrics are imported when a question first needs them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from evaluation import sentence_embeddings
from evaluation.sentence_embeddings import SentenceEncoder
from submission.competition import RETRIEVED_NUMBERS
from submission.errors import ShopBenchError
from submission.task_types import TaskType


@dataclass(frozen=True)
class EntityCounts:
    """One question's share of micro F1: true positives, false positives, false negatives."""

    tp: int
    fp: int
    fn: int


Score = float | EntityCounts


@dataclass(frozen=True)
class Metric:
    """How the questions of a task are scored.

    `score_all` takes the predictions and truths of several questions at once, because sentence encoders work in
    batches. `is_truth` says whether a value of the data can be a truth for this metric, `truth_kind` names what can.
    """

    name: str
    task_type: TaskType
    truth_kind: str
    is_truth: Callable[[Any], bool]
    score_all: Callable[[Sequence[Any], Sequence[Any]], list[Score]]
    aggregate: Callable[[Sequence[Any]], float]
    encoder: SentenceEncoder | None = None


def metric_by_name(name: str) -> Metric:
    """Return the metric that the data call `name`; a `ShopBenchError` lists the known names."""
    metric = METRICS.get(name)
    if metric is None:
        raise ShopBenchError(f"unknown metric {name!r}: known are {', '.join(METRICS)}")
    return metric


def score(metric: str, prediction: Any, truth: Any) -> Score:
    """Score one question: a number (0 to 1), or `EntityCounts` for micro F1."""
    return metric_by_name(metric).score_all([prediction], [truth])[0]


def aggregate(metric: str, scores: Sequence[Score]) -> float:
    """Turn the scores of a task's questions into the task's score; at least one score is needed."""
    if not scores:
        raise ValueError(f"no scores to aggregate for {metric!r}")
    return metric_by_name(metric).aggregate(scores)


def _mean(scores: Sequence[float]) -> float:
    return math.fsum(scores) / len(scores)


def _micro_f1(scores: Sequence[EntityCounts]) -> float:
    """F1 = 2 tp / (2 tp + fp + fn) of the summed counts, 0 where nothing was right."""
    tp = sum(count.tp for count in scores)
    wrong = sum(count.fp + count.fn for count in scores)
    return 2 * tp / (2 * tp + wrong) if tp else 0.0


def _accuracy(prediction: int, truth: int) -> float:
    return float(prediction == truth)


def _hit_rate_at_3(prediction: list[int], truth: list[int]) -> float:
    return len(set(truth) & set(prediction[:RETRIEVED_NUMBERS])) / len(truth)


def _ndcg(prediction: list[int], truth: list[float]) -> float:
    """Normalised discounted cumulative gain with gain 2^w - 1 and discount log2(position + 1), positions from 1.

    `prediction` holds 1-based indices into the weights `truth`, best first. An index past the list gains nothing. An
    index of 0 reads the last weight, as the evaluator's `weights[index - 1]` does; it is kept for that reason alone.
    """
    weights = [truth[index - 1] if index <= len(truth) else 0.0 for index in prediction[: len(truth)]]
    ideal = _discounted_gain(sorted(truth, reverse=True))
    return _discounted_gain(weights) / ideal if ideal else 0.0


def _discounted_gain(weights: Sequence[float]) -> float:
    return sum((2**weight - 1) / math.log2(position + 1) for position, weight in enumerate(weights, start=1))


def _count_entities(prediction: list[str], truth: list[str]) -> EntityCounts:
    extracted = [entity.lower().strip() for entity in prediction]
    expected = [entity.lower() for entity in truth]
    tp = len(set(extracted) & set(expected))
    return EntityCounts(tp, len(extracted) - tp, len(expected) - tp)


@cache
def _rouge_scorer() -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer(["rougeL"], use_stemmer=True)


def _rouge_l(prediction: str, truth: str) -> float:
    return float(_rouge_scorer().score(target=prediction, prediction=truth)["rougeL"].fmeasure)


@cache
def _bleu_scorer(tokenizer: str) -> Any:
    from sacrebleu.metrics import BLEU

    return BLEU(lowercase=True, tokenize=tokenizer)


def _bleu(tokenizer: str) -> Callable[[str, str], float]:
    def score_translation(prediction: str, truth: str) -> float:
        first_line = prediction.strip("\n").split("\n")[0]
        return float(_bleu_scorer(tokenizer).corpus_score([first_line], [[truth]]).score) / 100

    return score_translation


def _each(score_one: Callable[[Any, Any], Score]) -> Callable[[Sequence[Any], Sequence[Any]], list[Score]]:
    return lambda predictions, truths: [score_one(*pair) for pair in zip(predictions, truths, strict=True)]


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_list_of(is_item: Callable[[Any], bool], at_least: int = 1) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and len(value) >= at_least and all(map(is_item, value))


def _is_str(value: Any) -> bool:
    return isinstance(value, str)


def _is_weight(value: Any) -> bool:
    return (_is_int(value) or isinstance(value, float)) and 0 <= value <= 100  # 2^w must stay a number


def _is_text_or_texts(value: Any) -> bool:
    return _is_str(value) or _is_list_of(_is_str)(value)


def _text_metric(name: str, score_one: Callable[[str, str], float]) -> Metric:
    return Metric(name, TaskType.GENERATION, "a text", _is_str, _each(score_one), _mean)


def _embedding_metric(name: str, encoder: SentenceEncoder) -> Metric:
    return Metric(
        name,
        TaskType.GENERATION,
        "a text or a list of texts",
        _is_text_or_texts,
        lambda predictions, truths: list(encoder.similarities(predictions, truths)),
        _mean,
        encoder,
    )


METRICS = {
    metric.name: metric
    for metric in (
        Metric("accuracy", TaskType.MULTIPLE_CHOICE, "an option number", _is_int, _each(_accuracy), _mean),
        Metric(
            "hit rate@3",
            TaskType.RETRIEVAL,
            "a list of item numbers",
            _is_list_of(_is_int),
            _each(_hit_rate_at_3),
            _mean,
        ),
        Metric(
            "ndcg",
            TaskType.RANKING,
            "a list of relevance weights, one an item",
            _is_list_of(_is_weight),
            _each(_ndcg),
            _mean,
        ),
        Metric(
            "micro f1",
            TaskType.NAMED_ENTITY_RECOGNITION,
            "a list of texts",
            _is_list_of(_is_str, at_least=0),
            _each(_count_entities),
            _micro_f1,
        ),
        _text_metric("rougel", _rouge_l),
        _text_metric("bleu", _bleu("13a")),
        _text_metric("jp-bleu", _bleu("ja-mecab")),
        _embedding_metric("sent-transformer", sentence_embeddings.ENGLISH),
        _embedding_metric("multilingual-sent-transformer", sentence_embeddings.MULTILINGUAL),
    )
}
