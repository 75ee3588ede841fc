import math

import pytest

from evaluation import sentence_embeddings
from evaluation.metrics import METRICS, EntityCounts, aggregate, score
from evaluation.sentence_embeddings import MissingWeightsError
from submission.errors import ShopBenchError

needs_english_encoder = pytest.mark.skipif(
    not (sentence_embeddings.ENGLISH.folder / "model.safetensors").is_file(),
    reason="weights/all-MiniLM-L6-v2 is not there: `make models` brings it",
)


def test_the_metrics_go_by_the_names_of_the_data():
    assert list(METRICS) == [
        *("accuracy", "hit rate@3", "ndcg", "micro f1", "rougel", "bleu", "jp-bleu"),
        *("sent-transformer", "multilingual-sent-transformer"),
    ]


def test_unknown_metric_names_the_known_ones():
    with pytest.raises(ShopBenchError, match=r"'f2'.*accuracy.*jp-bleu"):
        score("f2", 1, 1)


def test_accuracy():
    assert score("accuracy", 2, 2) == 1.0
    assert score("accuracy", -1, 2) == 0.0


@pytest.mark.parametrize(
    ("prediction", "truth", "expected"),
    [
        ([4, 8, 15], [8, 4, 16], 2 / 3),
        ([4, 4, 4], [4, 5, 6], 1 / 3),
        ([1, 2, 3, 7], [7], 0.0),
        ([1, 2, 7], [7], 1.0),
        ([7], [7, 7], 0.5),
        ([], [1, 2, 3], 0.0),
    ],
)
def test_hit_rate_at_3(prediction, truth, expected):
    assert score("hit rate@3", prediction, truth) == pytest.approx(expected)


def test_ndcg_of_the_ideal_order_is_1():
    assert score("ndcg", [2, 3, 1, 4, 5], [0.1, 1, 1, 0.01, 0]) == pytest.approx(1.0)


def test_ndcg_by_hand():
    # Weights 0, 1, 0.1, so gains 0, 1, 2**0.1 - 1 at discounts 1, 1/log2(3), 1/2.
    small = 2**0.1 - 1
    ideal = 1 + small / math.log2(3)
    assert score("ndcg", [1, 2, 3], [0, 1, 0.1]) == pytest.approx((1 / math.log2(3) + small / 2) / ideal)


def test_ndcg_index_0_reads_the_last_weight():
    assert score("ndcg", [0], [0, 0, 1]) == pytest.approx(1.0)


def test_ndcg_index_past_the_list_gains_nothing():
    assert score("ndcg", [4, 1], [1, 0, 0]) == pytest.approx(1 / math.log2(3))


def test_ndcg_cuts_the_answer_to_the_length_of_the_truth():
    assert score("ndcg", [2, 3, 4, 1], [1, 0, 0]) == 0.0


def test_ndcg_is_0_where_nothing_is_relevant_or_nothing_was_answered():
    assert score("ndcg", [1, 2], [0, 0]) == 0.0
    assert score("ndcg", [], [1, 0]) == 0.0


@pytest.mark.parametrize(
    ("prediction", "truth", "counts"),
    [
        ([" Red", "blue"], ["RED"], EntityCounts(1, 1, 0)),
        (["red", "Red"], ["red"], EntityCounts(1, 1, 0)),
        (["red"], ["red", "RED"], EntityCounts(1, 0, 1)),
        (["red"], [" red"], EntityCounts(0, 1, 1)),
        ([], ["red", "blue"], EntityCounts(0, 0, 2)),
    ],
)
def test_micro_f1_counts(prediction, truth, counts):
    assert score("micro f1", prediction, truth) == counts


def test_micro_f1_is_computed_from_the_summed_counts():
    # Precision 3/5, recall 3/4; the mean of the two questions' own F1 would be 0.75.
    assert aggregate("micro f1", [EntityCounts(2, 2, 0), EntityCounts(1, 0, 1)]) == pytest.approx(2 / 3)
    assert aggregate("micro f1", [EntityCounts(0, 0, 0)]) == 0.0
    assert aggregate("micro f1", [EntityCounts(0, 3, 2)]) == 0.0


def test_other_metrics_are_means():
    assert aggregate("accuracy", [1.0, 0.0, 0.0, 1.0]) == 0.5
    with pytest.raises(ValueError, match="accuracy"):
        aggregate("accuracy", [])


def test_rouge_l_by_hand():
    # Stemmed: "two fast dog" and "a fast dog ran"; common subsequence of 2 words, precision 2/4, recall 2/3.
    assert score("rougel", "two fast dogs", "A fast dog ran") == pytest.approx(4 / 7)
    assert score("rougel", "", "anything") == 0.0
    assert score("rougel", "クッション", "クッション") == 0.0  # rouge-score knows letters a to z and digits only


def test_bleu_reads_the_first_line_in_lower_case():
    assert score("bleu", "\n\nRotes Kleid mit Gürtel\nMore text", "rotes kleid mit gürtel") == pytest.approx(1.0)
    assert score("bleu", "rotes kleid", "etwas anderes ganz und gar") == 0.0
    assert score("bleu", "", "rotes kleid") == 0.0


def test_bleu_by_hand():
    # Precisions 4/5, 3/4, 2/3, 1/2, no brevity penalty: the fourth root of their product.
    assert score("bleu", "a b c d e", "a b c d x") == pytest.approx((4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25)
    # All of 4, 3, 2, 1 n-grams right, but four words where eight are expected.
    assert score("bleu", "a b c d", "a b c d e f g h") == pytest.approx(math.exp(1 - 8 / 4))


def test_jp_bleu_compares_words_that_no_space_separates():
    truth, other = "ステンレス製の弁当箱です", "ステンレス製の水筒です"
    assert score("jp-bleu", truth, truth) == pytest.approx(1.0)
    assert 0.1 < score("jp-bleu", other, truth) < 0.9
    # Without Japanese words a sentence is one word, and one wrong word leaves nothing.
    assert score("bleu", other, truth) == 0.0


@needs_english_encoder
def test_sentence_similarity():
    assert score("sent-transformer", "A kettle boils water.", "A kettle boils water.") == pytest.approx(1.0)
    near = score("sent-transformer", "A device to heat water", "A kettle boils water.")
    far = score("sent-transformer", "The train leaves at noon", "A kettle boils water.")
    assert 0 <= far < 0.3 < near < 1


@needs_english_encoder
def test_sentence_similarity_to_several_references_is_clipped_after_the_mean():
    texts = ["a wool scarf", "a scarf made of wool", "international tax law"]
    (near, far) = sentence_embeddings.ENGLISH.encode(texts)[1:] @ sentence_embeddings.ENGLISH.encode(texts)[0]
    assert score("sent-transformer", texts[0], texts[1:]) == pytest.approx(max(0.0, (near + far) / 2), abs=1e-6)


@needs_english_encoder
def test_sentence_similarity_is_clipped_at_0():
    vectors = sentence_embeddings.ENGLISH.encode(["cheap wooden spoon", "photosynthesis in algae"])
    assert vectors[0] @ vectors[1] < 0
    assert score("sent-transformer", "cheap wooden spoon", "photosynthesis in algae") == 0.0


def test_absent_weights_are_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPBENCH_MULTILINGUAL_MINILM", str(tmp_path))
    with pytest.raises(MissingWeightsError, match=r"paraphrase-multilingual-MiniLM-L12-v2.*SHOPBENCH_MULTILINGUAL"):
        score("multilingual-sent-transformer", "a", "b")


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:53aa5117\nsize 90868376\n"


def broken_copy(folder, file, content):
    """A copy of the English encoder's folder (links), one of whose files holds something else."""
    source = sentence_embeddings.ENGLISH.folder
    (folder / "1_Pooling").mkdir(parents=True)
    for name in ("modules.json", "config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json"):
        (folder / name).symlink_to(source / name)
    (folder / file).unlink()
    if content is not None:
        (folder / file).write_bytes(content)
    return folder


@needs_english_encoder
@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("model.safetensors", POINTER.encode(), r"model\.safetensors is a Git LFS pointer.*git lfs pull"),
        ("tokenizer.json", POINTER.encode(), r"tokenizer\.json is a Git LFS pointer"),
        ("config.json", b'{"hidden', r"config\.json is not valid JSON"),
        ("modules.json", b"", r"modules\.json is not valid JSON"),
        ("model.safetensors", b"", r"model\.safetensors is not a safetensors file"),
        ("model.safetensors", b"\x02" + bytes(7) + b"[]", "without the places of its tensors"),
        ("model.safetensors", "cut", r"model\.safetensors has 1,000,000 bytes where its header asks for 90,868,376"),
        ("1_Pooling/config.json", None, r"1_Pooling/config\.json is missing"),
    ],
)
def test_a_broken_encoder_is_named_before_anything_is_loaded(tmp_path, monkeypatch, file, content, message):
    if content == "cut":
        with (sentence_embeddings.ENGLISH.folder / file).open("rb") as whole:
            content = whole.read(1_000_000)
    monkeypatch.setenv("SHOPBENCH_MINILM", str(broken_copy(tmp_path / "encoder", file, content)))
    monkeypatch.setattr(sentence_embeddings, "_load", lambda folder: pytest.fail("loaded"))
    with pytest.raises(ShopBenchError, match=message):
        sentence_embeddings.ENGLISH.encode(["a"])


def test_an_encoder_whose_vectors_are_no_numbers_scores_nothing(tmp_path, monkeypatch):
    class Broken:
        def encode(self, texts, **_):
            return [[float("nan"), 0.0] for _ in texts]

    monkeypatch.setenv("SHOPBENCH_MINILM", str(tmp_path))
    monkeypatch.setattr(sentence_embeddings.SentenceEncoder, "check_weights", lambda self: None)
    monkeypatch.setattr(sentence_embeddings, "_load", lambda folder: Broken())
    with pytest.raises(ShopBenchError, match="numbers that are not finite"):
        score("sent-transformer", "a", "b")


@needs_english_encoder
def test_the_multilingual_metric_uses_the_folder_that_the_environment_names(monkeypatch):
    monkeypatch.setenv("SHOPBENCH_MULTILINGUAL_MINILM", str(sentence_embeddings.ENGLISH.folder))
    assert score("multilingual-sent-transformer", "a red lamp", "a red lamp") == pytest.approx(1.0)
