"""The protocol stated a second time, in other words than the package's, and compared with it on generated responses.

FUZZ_RESPONSES sets how many responses are tried; 100,000 take about a minute.
"""

import ast
import os
import random
import re
import warnings

import numpy as np
import pytest
import rouge_score.rouge_scorer
import sacrebleu
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_ja_mecab import TokenizerJaMecab

from evaluation.metrics import EntityCounts, aggregate, score
from evaluation.parsers import parse_response

RESPONSES = int(os.environ.get("FUZZ_RESPONSES", 5000))

TOKENIZERS = {"bleu": Tokenizer13a(), "jp-bleu": TokenizerJaMecab()}
ROUGE = rouge_score.rouge_scorer.RougeScorer(["rougeL"], use_stemmer=True)
TRUTHS = {
    "accuracy": [0, 1, 2, 3, 5],
    "hit rate@3": [[4], [6, 9, 15], [0, 1, 2], [3, 3]],
    "ndcg": [[1, 0.01, 0.1, 1, 0], [0, 0, 0, 0, 0], [0, 0.1, 1], [0.01, 0.1, 1, 0, 0, 1]],
    "micro f1": [["red"], ["Cast Iron", "steel"], ["rot", "Rot"], ["白い"]],
    "rougel": ["not snug on thighs", "1, 2"],
    "bleu": ["Rote Handtasche aus Leder", "a, b"],
    "jp-bleu": ["シリコン製 スマホケース ライトピンク", "ab"],
}
TASK_TYPE_OF = {
    "accuracy": "multiple-choice",
    "hit rate@3": "retrieval",
    "ndcg": "ranking",
    "micro f1": "named_entity_recognition",
    "rougel": "generation",
    "bleu": "generation",
    "jp-bleu": "generation",
}


def as_int(text):
    try:
        return int(text)
    except ValueError:
        return None


def stated_parse(task_type, response):
    response = response[:5000]
    if task_type == "generation":
        return response.strip()
    if task_type == "multiple-choice":
        first = as_int(response.strip()[0]) if response.strip() else None
        return -1 if first is None else first
    if task_type == "named_entity_recognition":
        try:
            value = ast.literal_eval(response)
        except Exception:
            value = None
        if type(value) is list and {type(item) for item in value} <= {str}:
            return value
        return list(filter(None, map(str.strip, response.split(","))))
    kept = "".join(filter(lambda char: char.isnumeric() or char == "," or char == " ", response))
    numbers = [number for part in re.split(",", kept) if (number := as_int(part)) is not None]
    if task_type == "retrieval":
        return numbers[0:3]
    first_five = [number for number in numbers if not number > 5][0:5]
    return first_five if len(first_five) == len(set(first_five)) else []


def stated_score(metric, prediction, truth):
    if metric == "accuracy":
        return 1.0 if prediction == truth else 0.0
    if metric == "hit rate@3":
        return len([item for item in set(truth) if item in prediction[:3]]) / len(truth)
    if metric == "ndcg":
        weights = np.array(truth, dtype=float)
        discounts = 1 / np.log2(np.arange(len(weights)) + 2)
        padded = np.append(weights, np.zeros(10))
        # Python's weights[0 - 1] is the last weight; the padding would hide that.
        gained = [weights[-1] if item == 0 else padded[item - 1] for item in prediction[: len(weights)]]
        ideal = ((2 ** np.sort(weights)[::-1] - 1) * discounts).sum()
        dcg = ((2 ** np.array(gained, dtype=float) - 1) * discounts[: len(gained)]).sum()
        return dcg / ideal if ideal > 0 else 0.0
    if metric == "micro f1":
        found = [entity.lower().strip() for entity in prediction]
        right = sum(entity in {t.lower() for t in truth} for entity in set(found))
        return EntityCounts(right, len(found) - right, len(truth) - right)
    if metric == "rougel":
        return ROUGE.score(prediction, truth)["rougeL"].fmeasure
    line = prediction.lstrip("\n").rstrip("\n").split("\n")[0]
    words, expected = (TOKENIZERS[metric](text.lower().rstrip()) for text in (line, truth))
    return sacrebleu.corpus_bleu([words], [[expected]], tokenize="none", force=True).score / 100


PIECES = [
    *("1", "2", "3", "4", "5", "0", "9", "15", "12", "007", "-1", "1.5", "٣", "½", "²", "④", "３", "一"),
    *(",", ", ", " ", "\n", "\t", ".", ":", "[", "]", "'", '"', "(", ")", "\\", "\\d", "_", "\u3000", "，", "、"),
    *("['red', 'steel']", "['red', 1]", "[]", "[1, 2, 3]", "{'a': 1}", "red", "Cast Iron", "ROT", "白い", "steel "),
    *(
        "not snug on thighs",
        "Rote Handtasche",
        "aus Leder",
        "シリコン製",
        "スマホケース",
        "Answer: ",
        "The ",
        "x" * 400,
    ),
]


def responses(count):
    """Answers of every form, valid ones, nearly valid ones and noise."""
    rng = random.Random(20240610)
    for _ in range(count):
        kind = rng.random()
        if kind < 0.2:
            yield rng.choice([",", ", "]).join(str(rng.randint(0, 6)) for _ in range(rng.randint(0, 7)))
        elif kind < 0.8:
            yield "".join(rng.choice(PIECES) for _ in range(rng.randint(0, 12)))
        elif kind < 0.9:
            yield "".join(
                chr(rng.choice([rng.randrange(0x250), rng.randrange(0xD800)])) for _ in range(rng.randint(0, 30))
            )
        else:
            yield repr([rng.choice(PIECES) for _ in range(rng.randint(0, 4))])


@pytest.mark.parametrize("metric", list(TRUTHS))
def test_parsers_and_metrics_agree_with_the_protocol(metric):
    task_type, truths = TASK_TYPE_OF[metric], TRUTHS[metric]
    scores, stated_scores = [], []
    for number, response in enumerate(responses(RESPONSES)):
        truth = truths[number % len(truths)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            stated_answer = stated_parse(task_type, response)
        answer = parse_response(task_type, response)
        assert answer == stated_answer, response
        scores.append(score(metric, answer, truth))
        stated_scores.append(stated_score(metric, stated_answer, truth))
        if metric == "micro f1":
            assert scores[-1] == stated_scores[-1], response
        else:
            assert scores[-1] == pytest.approx(stated_scores[-1], abs=1e-12), response
    assert any(score != scores[0] for score in scores)
    if metric != "micro f1":
        assert aggregate(metric, scores) == pytest.approx(float(np.mean(stated_scores)))


def test_micro_f1_of_many_agrees_with_precision_and_recall():
    rng = random.Random(7)
    for _ in range(200):
        counts = [EntityCounts(*(rng.randrange(4) for _ in range(3))) for _ in range(rng.randint(1, 6))]
        tp, fp, fn = np.sum([[one.tp, one.fp, one.fn] for one in counts], axis=0)
        precision = tp / (tp + fp) if tp + fp else 0.0
        recall = tp / (tp + fn) if tp + fn else 0.0
        expected = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        assert aggregate("micro f1", counts) == pytest.approx(expected)
