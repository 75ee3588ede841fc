import gzip
import json
import math
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pandas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.errors import ShopBenchError
from training.data.sources import SOURCES, open_source
from training.data.sources.alpaca import Alpaca
from training.data.sources.amazon_m2 import AmazonM2
from training.data.sources.amazon_reviews import AmazonReviews
from training.data.sources.cleaning import clean, first_sentences, sentences
from training.data.sources.disk_index import DiskIndex
from training.data.sources.ecinstruct import EcInstruct
from training.data.sources.esci import Esci
from training.data.sources.mmlu import Mmlu
from training.data.sources.reading import open_rows
from training.data.sources.records import JudgedQuery, ProductType
from training.data.sources.source import Source
from training.data.tasks import TASKS, tasks_of
from training.data.tasks.task import Pool

FIXTURES = Path(__file__).parent / "fixtures"
ESCI = FIXTURES / "esci"
M2 = FIXTURES / "amazon_m2"
REVIEWS = FIXTURES / "amazon_reviews"
PAGE_COLUMNS = ("main_category", "features", "description", "price", "store", "categories", "details")


def read(source: Source, stream: str) -> tuple[list, Counter[str]]:
    unusable = source.prepare_once()
    records = [source.record(stream, unit, unusable) for unit in source.units(stream)]
    return [record for record in records if record is not None], unusable


@pytest.fixture
def esci(tmp_path: Path) -> Esci:
    examples, products = (ESCI / f"shopping_queries_dataset_{name}.jsonl" for name in ("examples", "products"))
    return Esci(tmp_path / "esci", str(examples), str(products))


@pytest.fixture
def reviews(tmp_path: Path) -> AmazonReviews:
    return AmazonReviews(tmp_path / "reviews", str(REVIEWS / "reviews_Mixed.jsonl"), str(REVIEWS / "meta_Mixed.jsonl"))


@pytest.fixture
def m2(tmp_path: Path) -> AmazonM2:
    return AmazonM2(tmp_path / "m2", str(M2 / "sessions_train.csv"), str(M2 / "products_train.csv"))


def test_esci_joins_queries_with_the_products_of_their_locale(esci: Esci) -> None:
    queries, unusable = read(esci, "queries")
    by_text = {query.query: query for query in queries}
    coffee = by_text["coffee maker"]
    assert [(product.key, label) for product, label in coffee.judgements][:3] == [
        ("us/B0A1", "E"),
        ("us/B0A2", "E"),
        ("us/B0A3", "S"),
    ]
    assert coffee.judgements[0][0].description == (
        "Wake up to fresh coffee. The programmable timer starts brewing before you get up."
    )
    assert by_text["コーヒーメーカー"].language == "ja"
    assert by_text["running shoes"].products("E")[0].brand == "Fleetstep"  # labels written as words
    assert unusable["judgement of another split than train"] == 4
    assert unusable["judgement of an unknown locale"] == 1
    assert unusable["judgement with an unknown label"] == 1
    assert unusable["product without a title"] == 2
    assert "tea kettle" not in by_text


def test_esci_groups_rows_of_a_query_wherever_they_stand(esci: Esci, tmp_path: Path) -> None:
    lines = Path(esci.examples).read_text().splitlines()
    shuffled = tmp_path / "shuffled.jsonl"
    shuffled.write_text("\n".join([*lines[1::2], *lines[::2]]))
    other = Esci(tmp_path / "scratch", str(shuffled), esci.products)
    expected = {query.query: len(query.judgements) for query in read(esci, "queries")[0]}
    assert {query.query: len(query.judgements) for query in read(other, "queries")[0]} == expected


def test_esci_gives_products_with_the_queries_they_were_judged_for(esci: Esci) -> None:
    products, _ = read(esci, "products")
    maker = next(record for record in products if record.product.key == "us/B0A1")
    assert {"coffee maker", "brewhaus coffee maker 12 cup"} <= set(maker.labelled("E"))
    assert "red single serve coffee maker" in maker.labelled("S")


def test_esci_mixes_the_locales_from_the_first_unit_on(tmp_path: Path) -> None:
    """A task closes when it has enough, so the first products must not all be of the locale that sorts first."""
    products, examples = [], []
    for locale in ("es", "jp", "us"):
        for number in range(300):
            ids = {"product_id": f"B{number:03d}", "product_locale": locale}
            texts = ("title", "description", "bullet_point", "brand", "color")
            products.append(ids | {f"product_{text}": f"kettle {number}" for text in texts})
            query = {"esci_label": "E", "split": "train", "query": f"kettle {number}"}
            examples += [
                ids | query | {"query_id": f"{locale}{number}"},
                ids | query | {"query_id": f"{locale}{number}b"},
            ]
            examples[-1]["query"] = f"pot {number}"
    for name, rows in (("examples", examples), ("products", products)):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source = Esci(tmp_path / "scratch", str(tmp_path / "examples.jsonl"), str(tmp_path / "products.jsonl"))
    for stream in ("products", "queries"):
        records, _ = read(source, stream)
        first = Counter(record.language for record in records[:150])
        assert len(records) >= 900 and min(first[language] for language in ("en", "es", "ja")) > 30, (stream, first)


def test_esci_reads_the_joined_form_of_the_hub(esci: Esci, tmp_path: Path) -> None:
    """`tasksource/esci` holds the product columns in the examples themselves."""
    examples = pandas.read_json(esci.examples, lines=True, dtype=False)
    products = pandas.read_json(esci.products, lines=True, dtype=False).drop_duplicates(
        ["product_id", "product_locale"]
    )
    joined = tmp_path / "joined.parquet"
    examples.merge(products, on=["product_id", "product_locale"]).to_parquet(joined)
    from_joined, _ = read(Esci(tmp_path / "scratch", str(joined)), "queries")
    from_two, _ = read(esci, "queries")
    assert [query.query for query in from_joined] == [query.query for query in from_two]


def test_m2_sessions_and_translations(m2: AmazonM2) -> None:
    sessions, unusable = read(m2, "sessions")
    session = next(record for record in sessions if record.key == "session/1")
    assert [product.key for product in session.previous] == ["UK/B0MKETTLE1", "UK/B0MTOAST01", "UK/B0MMUG0003"]
    assert session.following.title == "Leafwell English Breakfast Tea, 160 Bags"
    assert unusable["session with products that are not among the products"] == 2
    assert unusable["session that returns to a product it had"] == 1
    translations, _ = read(m2, "translations")
    scarf = next(record for record in translations if record.key == "translations/B0MSCARF22")
    assert sorted(scarf.pages) == ["de", "en", "fr", "it"]
    assert scarf.pages["fr"].title.startswith("Highfold Écharpe en laine d'agneau")


def test_m2_mixes_the_locales_of_a_file_that_is_sorted_by_them(tmp_path: Path) -> None:
    sessions, products = tmp_path / "sessions.csv", tmp_path / "products.csv"
    pages = [
        {"id": f"B0{n}", "locale": locale, "title": f"kettle {n}"} for locale in ("DE", "UK") for n in range(1000, 1300)
    ]
    columns = ("price", "brand", "color", "size", "model", "material", "author", "desc")
    pandas.DataFrame(pages).reindex(columns=["id", "locale", "title", *columns]).to_csv(products, index=False)
    rows = [
        {"prev_items": f"['B0{n}']", "next_item": f"B0{n + 1}", "locale": locale}
        for locale in ("DE", "UK")
        for n in range(1000, 1299)
    ]
    pandas.DataFrame(rows).to_csv(sessions, index=False)
    source = AmazonM2(tmp_path / "scratch", str(sessions), str(products))
    for stream in ("sessions", "products"):
        records, _ = read(source, stream)
        assert len(records) > 590
        first = Counter(record.language for record in records[:100])
        assert min(first["de"], first["en"]) > 30, (stream, first)


def test_m2_knows_that_forty_million_is_no_price(m2: AmazonM2) -> None:
    products, _ = read(m2, "products")
    assert {product.title: product.price for product in products}["Odd One Bath Mat, Blue"] is None


@given(
    st.lists(st.from_regex(r"B0[A-Z0-9]{8}", fullmatch=True), min_size=1, max_size=6),
    st.sampled_from([" ", "\n ", "  "]),
)
def test_m2_reads_arrays_that_numpy_printed(asins: list[str], gap: str) -> None:
    from training.data.sources.amazon_m2 import _ASIN

    assert _ASIN.findall("[" + gap.join(f"'{asin}'" for asin in asins) + "]") == asins


def test_reviews_are_joined_with_pages_whose_details_may_be_json_text(reviews: AmazonReviews) -> None:
    records, unusable = read(reviews, "reviews")
    assert records[0].product is not None and records[0].product.details["Connectivity Technology"] == "Bluetooth"
    pages = {record.product.title: record.product for record in records if record.product}
    assert (
        pages["Trailpup Kids Water Bottle with Straw, 12 oz, Dinosaur Print (Pack of 2)"].details["Material"]
        == "Plastic"
    )
    assert next(r for r in records if r.title == "HTML & more").text.startswith(
        'I love it! Keeps water cold "all day" long.'
    )
    assert next(r for r in records if r.title == "Good for a small kitchen").product is None
    assert unusable["line that is not JSON"] == 1
    assert unusable["review without a rating of 1 to 5"] == 2


def test_review_pages_with_broken_details_and_no_title(reviews: AmazonReviews) -> None:
    products, unusable = read(reviews, "products")
    gadget = next(product for product in products if product.title == "Mystery Gadget & Friends New")
    assert gadget.details == {} and gadget.price is None and gadget.category == ""
    assert unusable["product without a title"] == 2
    prices = {product.title: product.price for product in products}
    assert prices["Alpensee Insulated Water Bottle, 32 oz, Stainless Steel, Glacier Blue"] == 21.95  # "from 21.95"


def test_baskets_hold_what_one_user_bought_in_order(reviews: AmazonReviews) -> None:
    baskets, _ = read(reviews, "baskets")
    anna = next(basket for basket in baskets if basket.key == "basket/AEANNA")
    assert [product.key for product in anna.products][:2] == ["page/B1HP01", "page/B1WB01"]


def test_a_limit_does_not_part_reviews_from_their_pages(tmp_path: Path) -> None:
    """Reviews and pages are in different orders: the pages that are wanted can be anywhere in their files."""
    for category in ("A_Books", "B_Games"):
        names = [f"{category[:2]}{number:03d}" for number in range(200)]
        pages = [
            dict.fromkeys(PAGE_COLUMNS) | {"parent_asin": name, "title": f"kettle {name}"} for name in reversed(names)
        ]
        (tmp_path / f"meta_{category}.jsonl").write_text("\n".join(map(json.dumps, pages)))
        rows = [
            {"rating": 5.0, "title": "", "text": "A kettle like any other", "asin": name, "parent_asin": name}
            | {"user_id": f"user{number // 4}", "timestamp": number, "helpful_vote": 0, "verified_purchase": True}
            for number, name in enumerate(names)
        ]
        (tmp_path / f"review_{category}.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source = AmazonReviews(
        tmp_path / "scratch", str(tmp_path / "review_*.jsonl"), str(tmp_path / "meta_*.jsonl"), limit=40
    )
    records, _ = read(source, "reviews")
    assert len(records) == 40 and all(record.product is not None for record in records)
    baskets, _ = read(source, "baskets")
    assert len(baskets) == 10
    assert len(read(source, "products")[0]) == 40
    assert sum(1 for _ in source._by_asin.groups()) < 60, "pages that nobody asks for"


def test_ecinstruct_resolves_letters_and_reads_python_for_json(tmp_path: Path) -> None:
    source = EcInstruct(tmp_path / "ec", str(FIXTURES / "ecinstruct" / "ecinstruct.jsonl"))
    rows, unusable = read(source, "rows")
    assert len({row.task for row in rows}) == 10
    relations = [row for row in rows if row.task == "Product_Relation_Prediction"]
    assert relations[0].answer == "Users who buy product 1 may also buy product 2."
    assert relations[0].fields["product 1"] == "Fretwise Acoustic Guitar Strings, Light"
    belt = next(row for row in rows if row.fields.get("query") == "men's belt")
    assert belt.answer == "yes"
    assert unusable["row whose output is empty or none of the options"] == 2
    assert unusable["row whose input cannot be read"] == 1
    assert unusable["row of an unknown task"] == 1


def test_mmlu_leaves_out_what_is_not_whole(tmp_path: Path) -> None:
    questions, unusable = read(Mmlu(tmp_path / "mmlu", str(FIXTURES / "mmlu" / "mmlu.jsonl")), "questions")
    assert questions[0].choices[questions[0].answer] == "The chloroplast"
    assert unusable == {
        "row without four different choices": 3,
        "row without a question": 1,
        "row without an answer from 0 to 3": 1,
    }


def from_rows(kind: type[Source], folder: Path, rows: list[dict[str, Any]]) -> tuple[list[Any], Counter[str]]:
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    source = kind(folder / "scratch", str(folder / "rows.jsonl"))
    return read(source, next(iter(kind.streams)))


@pytest.mark.parametrize(
    "choices",
    [
        ["None", "One", "Two", "Three"],
        ["Na", "K", "Ca", "Mg"],
        ["N/A", "NaN", "null", "nan"],
        ["List<Integer> x;", "List<String> x;", "List x;", "List<?> x;"],
        ["<b>", "<strong>", "<i>", "&lt;b&gt;"],
        ["Bb", "bb", "BB", "bB"],
        ["0", "1", "-1", "a < b > c"],
    ],
)
def test_exam_choices_are_asked_as_they_stand(tmp_path: Path, choices: list[str]) -> None:
    question = "Which one\n does <p> or &amp; stand for?"
    row = {"question": question, "subject": "any", "choices": choices, "answer": 1}
    (exam,), unusable = from_rows(Mmlu, tmp_path, [row])
    assert exam.choices == tuple(choices) and exam.question == "Which one does <p> or &amp; stand for?"
    assert not unusable
    built = TASKS["general_knowledge"].question("mmlu/questions", exam, Pool([exam]), Random(1))
    assert built is not None and all(f". {text}" in built["question"].split("Answer")[0] for text in choices)
    assert f"{built['truth']}. {choices[1]}" in built["question"].split("\n")


@pytest.mark.parametrize("absent", [None, "", " ", float("nan")])
def test_an_exam_choice_that_is_not_there_is_none(tmp_path: Path, absent: object) -> None:
    row = {"question": "Which?", "subject": "any", "choices": ["Na", "K", absent, "Mg"], "answer": 1}
    assert from_rows(Mmlu, tmp_path, [row]) == ([], {"row without four different choices": 1})


@pytest.mark.parametrize(
    ("row", "instruction", "context", "answer"),
    [
        (("Close the tag.", "<p>Hello", "<p>Hello</p>"), "Close the tag.", "<p>Hello", "<p>Hello</p>"),
        (("What does <br/> do?", "<noinput>", "It breaks\na line."), "What does <br/> do?", "", "It breaks\na line."),
        (("What does &amp; mean?", "Noinput", "And."), "What does &amp; mean?", "", "And."),
        (("Draw a line.", "No input required.", "No input"), "Draw a line.", "", "No input"),
        (("Name the type.", "None", "NoneType"), "Name the type.", "None", "NoneType"),
        (("Say it.", "List<Integer> x;", "N/A"), "Say it.", "List<Integer> x;", "N/A"),
        (("Draw a cat.", "", "<nooutput> I cannot draw."), "Draw a cat.", "", "I cannot draw."),
    ],
)
def test_instructions_may_be_about_tags_and_absence(
    tmp_path: Path, row: tuple[str, str, str], instruction: str, context: str, answer: str
) -> None:
    (read_row,), unusable = from_rows(
        Alpaca, tmp_path, [dict(zip(("instruction", "input", "output"), row, strict=True))]
    )
    assert (read_row.instruction, read_row.context, read_row.answer) == (instruction, context, answer)
    assert not unusable


@pytest.mark.parametrize(
    "marker",
    [
        *("<nooutput>", "<No output>", " <nooutput>\n", "nooutput", "<no_output>", "", None),
        *("<no-output/>", "<nooutput></nooutput>", "&lt;nooutput&gt;", "[nooutput]", math.nan),
    ],
)
def test_an_answer_that_is_only_a_marker_is_none(tmp_path: Path, marker: str | float | None) -> None:
    rows = [{"instruction": "Draw a cat.", "input": "", "output": marker}]
    assert from_rows(Alpaca, tmp_path, rows) == ([], {"row without an instruction or an answer": 1})


def test_an_option_none_is_an_option(tmp_path: Path) -> None:
    row = {"split": "train", "task": "Product_Relation_Prediction", "instruction": "i", "input": '{"product 1": "a"}'}
    rows = [
        {**row, "options": '["None", "NA", "also bought"]', "output": "None"},
        {**row, "options": '["A: yes", "B: None"]', "output": "B"},
    ]
    found, unusable = from_rows(EcInstruct, tmp_path, rows)
    assert [one.answer for one in found] == ["None", "None"] and not unusable
    assert found[0].options == ("None", "NA", "also bought")


def test_knowledge_lists_are_complete_and_its_groups_leave_wrong_answers() -> None:
    source = open_source("knowledge", None, Path())
    types: list[ProductType] = read_plain(source, "types")
    names = {kind.name for kind in types}
    assert len(names) == len(types)
    for attribute in read_plain(source, "attributes"):
        assert set(attribute.types) <= names
        assert attribute.name not in attribute.synonyms
    from training.data.sources.knowledge import far_apart

    groups = [kind.group for kind in types]
    assert all(sum(far_apart(group, other) for other in groups) > 20 for group in set(groups))
    assert {language for kind in types for language in kind.names} == {"en", "de", "fr", "es", "it", "ja"}


def read_plain(source: Source, stream: str) -> list:
    return [source.record(stream, unit, Counter()) for unit in source.units(stream)]


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "csv", "csv.gz", "parquet", "json"])
def test_published_files_of_every_kind(tmp_path: Path, suffix: str) -> None:
    rows = [{"id": "0123", "title": "Kettle, 1 l"}, {"id": "B01", "title": "nan"}]
    frame, path = pandas.DataFrame(rows), tmp_path / f"data.{suffix}"
    if "csv" in suffix:
        frame.to_csv(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    elif suffix == "json":
        path.write_text(json.dumps(rows))
    else:
        text = "\ufeff" + "\r\n".join(json.dumps(row) for row in rows)  # with a BOM and DOS line ends
        path.write_bytes(gzip.compress(text.encode()) if suffix.endswith("gz") else text.encode())
    assert list(open_rows(str(path), ["id", "title"])) == rows


def test_a_folder_and_a_limit(tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / f"part-{number}.jsonl").write_text(f'{{"id": "{number}"}}\n' * 2)
    (tmp_path / "README.txt").write_text("not data")
    assert [row["id"] for row in open_rows(str(tmp_path), ["id"])] == ["0", "0", "1", "1", "2", "2"]
    assert [row["id"] for row in open_rows(str(tmp_path / "part-[12].jsonl"), ["id"], limit=3)] == ["1", "1", "2"]


def test_files_take_turns_and_share_the_limit(tmp_path: Path) -> None:
    """A limit that the first category could fill by itself leaves none out."""
    for category, count in (("A_Books", 5000), ("B_Games", 20), ("C_Toys", 5000)):
        lines = (json.dumps({"id": f"{category}/{number}"}) for number in range(count))
        (tmp_path / f"{category}.jsonl.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    for location in (str(tmp_path / "*.jsonl.gz"), [str(path) for path in sorted(tmp_path.iterdir())]):
        ids = [row["id"] for row in open_rows(location, ["id"], limit=2020)]
        assert Counter(name.split("/")[0] for name in ids) == {"A_Books": 1000, "B_Games": 20, "C_Toys": 1000}
        assert len({name.split("/")[0] for name in ids[:300]}) == 3
        for category in ("A_Books", "C_Toys"):
            assert [name for name in ids if name.startswith(category)] == [f"{category}/{n}" for n in range(1000)]
    assert sum(1 for _ in open_rows(str(tmp_path), ["id"])) == 10_020


READ_ALL = """
import sys
from training.data.sources.reading import open_rows
count = sum(1 for row in open_rows(sys.argv[1], ["id", "text"]))
# Not ru_maxrss, which starts from what the parent process had.
print(count, next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, suffix: str) -> None:
    """Ten times the rows, the same peak within a fifth: the 80 MB of text would show."""
    peaks = []
    for count in (20_000, 200_000):
        path = tmp_path / f"{count}.{suffix}"
        frame = pandas.DataFrame({"id": map(str, range(count)), "text": [f"{number} " * 60 for number in range(count)]})
        if suffix == "csv":
            frame.to_csv(path, index=False)
        elif suffix == "parquet":
            frame.to_parquet(path, row_group_size=2_000)
        else:
            frame.to_json(path, orient="records", lines=True)
        done = subprocess.run(
            [sys.executable, "-c", READ_ALL, str(path)],
            capture_output=True,
            text=True,
            check=True,
            cwd=FIXTURES.parents[2],
        )
        read_rows, peak = map(int, done.stdout.split())
        assert read_rows == count
        peaks.append(peak)
    assert peaks[1] < 1.2 * peaks[0], peaks


@pytest.mark.parametrize("suffix", ["jsonl", "csv", "parquet"])
def test_a_missing_column_is_named_with_those_that_are_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"sessions.{suffix}"
    frame = pandas.DataFrame([{"previous": "['B01']", "locale": "UK"}])
    if suffix == "csv":
        frame.to_csv(path, index=False)
    elif suffix == "parquet":
        frame.to_parquet(path)
    else:
        frame.to_json(path, orient="records", lines=True)
    source = AmazonM2(tmp_path / "scratch", str(path), str(M2 / "products_train.csv"))
    with pytest.raises(ShopBenchError, match=r"no column 'prev_items', 'next_item': it has 'previous', 'locale'"):
        source.prepare_once()


@pytest.mark.parametrize(
    ("content", "message"),
    [("", "holds no rows"), ("not json\n", "first line is not a JSON object"), ("[1]\n", "not a JSON object")],
)
def test_files_without_rows_are_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(content)
    with pytest.raises(ShopBenchError, match=message):
        list(open_rows(str(path), ["id"]))


def test_rows_that_lack_a_column_or_hold_half_a_character_can_be_counted_and_written(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"id": 1, "title": "a"}\n{"id": 2}\n{"id": 3, "title": "\\ud83d cup \\ud83d\\ude00"}\nnone\n')
    rows = list(open_rows(str(path), ["id", "title"]))
    assert rows == [
        {"id": 1, "title": "a"},
        {"id": 2, "title": None},
        {"id": 3, "title": "? cup \N{GRINNING FACE}"},
        {"": "none"},
    ]


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl.gz"
    whole = gzip.compress(b'{"id": 1}\n' * 100_000, compresslevel=1)
    path.write_bytes(whole[:200] + bytes(200) + whole[400:])
    with pytest.raises(ShopBenchError, match=r"data\.jsonl\.gz"):
        list(open_rows(str(path), ["id"]))


@pytest.mark.parametrize(
    "spoiled",
    [
        {"task_type": ["retrieval"]},
        {"task_type": "ranking", "output_field": ["much", "little"]},
        {"input_field": 3},
        {"output_field": []},
        {"metric": 3},
        {"is_multiple_choice": True},
    ],
)
def test_rows_of_any_types_are_counted_not_built(tmp_path: Path, spoiled: dict[str, Any]) -> None:
    text = "Rank.\nProduct List:\n1. a\n2. b\nOutput a permutation of 1 and 2:"
    row = {"input_field": text, "output_field": [1, 0], "task_type": "ranking", "metric": "ndcg", "track": None}
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row | spoiled) + "\n")
    source = open_source("shopbench", {"files": [{"path": str(path), "task": "order", "track": 1}]}, tmp_path)
    unusable: Counter[str] = Counter()
    pool = Pool([], unusable)
    for unit in source.units("questions"):
        record = source.record("questions", unit, unusable)
        if record is not None:
            task = tasks_of({"shopbench": source})["order"]
            assert task.question("shopbench/questions", record, pool, Random(0)) is None
    assert unusable.total() == 1


def test_a_cut_off_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pandas.DataFrame({"id": range(1000)}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(ShopBenchError, match=r"data\.parquet"):
        list(open_rows(str(path), ["id"]))


_ABANDON = """
import sys
from training.data.sources.reading import open_rows

def first() -> object:
    return next(open_rows(sys.argv[1], ["id"]))

print(first())
"""


def test_a_stream_that_is_abandoned_right_before_the_end_does_not_abort(tmp_path: Path) -> None:
    """Half of such processes were aborted, by threads that read ahead."""
    path = tmp_path / "data.parquet"
    pandas.DataFrame({"id": [f"row {number}" for number in range(60_000)]}).to_parquet(path, row_group_size=6_000)
    command = [sys.executable, "-c", _ABANDON, str(path)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    for run in runs:
        printed, errors = run.communicate(timeout=120)
        assert (run.returncode, errors) == (0, "") and "row 0" in printed


def test_what_does_not_exist_is_named() -> None:
    with pytest.raises(ShopBenchError, match=r"nowhere\.csv does not exist"):
        list(open_rows("nowhere.csv", ["id"]))
    with pytest.raises(ShopBenchError, match="no source 'esci2': did you mean esci"):
        open_source("esci2", {}, Path())
    with pytest.raises(ShopBenchError, match="source mmlu has no setting 'path': it has questions"):
        open_source("mmlu", {"path": "x"}, Path())
    with pytest.raises(ShopBenchError, match="source mmlu: missing 1 required positional argument: 'questions'"):
        open_source("mmlu", None, Path())


def test_every_source_says_what_it_streams() -> None:
    assert set(SOURCES) == {
        "esci",
        "amazon_m2",
        "amazon_reviews",
        "ecinstruct",
        "mmlu",
        "alpaca",
        "shopbench",
        "knowledge",
    }
    assert all(source.streams for source in SOURCES.values())


@given(st.text(max_size=200))
def test_clean_text_is_one_line_and_stays_clean(text: str) -> None:
    once = clean(text)
    assert "\n" not in once and "\r" not in once and once == once.strip() and "  " not in once


@given(st.text(alphabet="ab. !?。！é", max_size=80).map(clean), st.integers(1, 60))
def test_first_sentences_are_the_beginning_of_the_text(text: str, longest: int) -> None:
    kept = first_sentences(text, longest)
    assert text.startswith(kept) and len(kept) <= longest
    assert kept == "" or kept.endswith(sentences(text)[len(sentences(kept)) - 1])


def test_html_and_entities_escaped_twice() -> None:
    assert clean("Salt &amp;amp; <b>Pepper</b><br/>Mill\u200b&nbsp;5 < 6") == "Salt & Pepper Mill 5 < 6"
    assert [clean(value) for value in (None, "nan", " None ", float("nan"), "Not Applicable")] == [""] * 5


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), max_size=20))
def test_disk_index_keeps_groups_and_order(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]]
) -> None:
    index = DiskIndex(tmp_path_factory.mktemp("index") / "rows.sqlite")
    index.build(rows)
    expected = {key: [value for other, value in rows if other == key] for key in sorted({key for key, _ in rows})}
    assert dict(index.groups()) == expected
    assert index.get("a") == expected.get("a", [])


def test_a_killed_preparation_starts_anew(esci: Esci) -> None:
    class KilledError(Exception):
        pass

    def rows():
        yield "a", 1
        raise KilledError

    index = DiskIndex(esci.scratch / "products.sqlite")
    with pytest.raises(KilledError):
        index.build(rows())
    assert not index.path.exists()
    queries, _ = read(esci, "queries")
    assert all(isinstance(query, JudgedQuery) for query in queries) and queries
    shutil.rmtree(esci.scratch)


def test_an_index_of_other_files_or_settings_is_made_anew(esci: Esci, tmp_path: Path) -> None:
    """`training.synthesize` keeps its indexes between runs."""
    before, _ = read(esci, "queries")
    changed = tmp_path / "examples.jsonl"
    changed.write_text(Path(esci.examples).read_text().replace('"coffee maker"', '"espresso pot"'))
    other, _ = read(Esci(esci.scratch, str(changed), esci.products), "queries")
    assert {query.query for query in other} - {query.query for query in before} == {"espresso pot"}
    changed.write_text(changed.read_text().replace('"espresso pot"', '"percolator"'))  # the same name, another content
    again, _ = read(Esci(esci.scratch, str(changed), esci.products), "queries")
    assert "percolator" in {query.query for query in again} and "espresso pot" not in {query.query for query in again}
    limited, _ = read(Esci(esci.scratch, str(changed), esci.products, limit=20), "queries")
    assert 0 < len(limited) < len(again)
    stamp = esci.scratch.joinpath("products.sqlite").stat().st_mtime_ns
    Esci(esci.scratch, str(changed), esci.products, limit=20).prepare_once()
    assert esci.scratch.joinpath("products.sqlite").stat().st_mtime_ns == stamp


def test_rows_in_shopbenchs_shape_may_name_their_own_tasks(tmp_path: Path) -> None:
    track = "amazon-kdd-cup-24-user-behavior-alignment"
    row = {
        "input_field": "Rate it from 1 to 5.\nInput: Fine.\nOutput:",
        "output_field": 4,
        "task_type": "multiple-choice",
    }
    row |= {"metric": "accuracy", "task_name": "review_rating", "track": track}
    path = tmp_path / "rows.jsonl"
    translation = {"input_field": "Translate this title into German.\nTitle: kettle\nOutput:", "output_field": "Kessel"}
    translation |= {"task_type": "generation", "metric": "bleu", "task_name": "own_translation", "track": None}
    changes: tuple[dict, ...] = ({}, {"track": "none"}, {"task_name": "own_task"}, translation)
    path.write_text("\n".join(json.dumps(row | change) for change in changes))
    source = open_source("shopbench", {"files": [{"path": str(path)}]}, tmp_path / "scratch")
    records, unusable = read(source, "questions")
    named = [("review_rating", 3), ("own_task", 3), ("own_translation", 4)]  # the last one's track is guessed
    assert [(record.task, record.track) for record in records] == named
    assert unusable == {"row without a task or of an unknown track": 1}
    tasks = tasks_of({"shopbench": source})
    assert set(tasks) == {"review_rating", "own_task", "own_translation"}
    assert set(tasks["review_rating"].builders) == {"amazon_reviews/reviews", "shopbench/questions"}
    with pytest.raises(ShopBenchError, match="a file needs a path, and task and track"):
        open_source("shopbench", {"files": [{"path": str(path), "task": "x"}]}, tmp_path)
