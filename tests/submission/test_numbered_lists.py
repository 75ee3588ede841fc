"""Every way to begin a numbered list, and what only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.numbered_lists import find_list, list_numbers
from submission.options import option_numbers
from submission.questions import read_question
from submission.shortening import shorten
from submission.task_types import TaskType

ITEMS = (
    *(
        "Paint brush",
        "Soap dish",
        "Liner brush, 2 pack",
        "HDMI 2.0 cable, 10 ft",
        "towel rack (steel)",
        "Kids' tent, 3.5 kg",
    ),
    *(
        "Lampe de chevet",
        "Gießkanne 10 L",
        "lámpara",
        "傘立て スチール",
        "无线静音鼠标 59元",
        "cat hair remover",
        "oil 5W-30",
        "knife set: 6 knives, 1 block",
        "cable (1.5 m, 2 m or 3 m)",
    ),
)
STYLES = ("{}. ", "{}) ", "({}) ", "[{}] ", "{}: ", "{}.) ", "{{{}}} ", "{}.", "{} - ", "{} – ", "{} = ", "{}> ")
# What a question says before its list, up to the list.
LABELS = (
    "Which of these are soft?\nProducts: ",
    "Select all that apply. Products: ",
    "Query: red shoes size 9\nCandidate list: ",
    "Pick what fits the query 'blue lamp' from the following: ",
    "Wähle die passenden Artikel aus.\nArtikel: ",
    "For somebody who paints a room, three of these things help: ",
    "Suite à l'achat d'une lampe, que voudra le client ?\nArticles : ",
    "Which belong in a kitchen? ",
    "请选出合适的商品。\n商品：",
)
OWN_LINE = ("Which of these are soft?\n", "Select all that apply.\n\nItems:\n", "Review: it was 5. 3 of us like it.\n")
TAILS = ("", "\nOutput:", "\n\nAnswer with numbers only.", "\nYour answer:")


@st.composite
def lists(draw: st.DrawFn, intros: tuple[str, ...], *, per_line: tuple[int, int]) -> tuple[str, tuple[int, ...]]:
    """A question with a list in it, and the numbers of the list; so many items stand on one line."""
    count = draw(st.integers(4, 12))
    start = draw(st.sampled_from((0, 1)))
    style = draw(st.sampled_from(STYLES))
    items = draw(st.lists(st.sampled_from(ITEMS), min_size=count, max_size=count))
    written = [style.format(number) + item for number, item in enumerate(items, start=start)]
    size = draw(st.integers(*per_line))
    gap = draw(st.sampled_from((" ", "  ", "; ")))
    lines = [gap.join(written[at : at + size]) for at in range(0, count, size)]
    text = draw(st.sampled_from(intros)) + draw(st.sampled_from(("\n", "\n\n", "\n  "))).join(lines)
    return text + draw(st.sampled_from(TAILS)), tuple(range(start, start + count))


@given(lists(LABELS, per_line=(1, 1)))
def test_the_item_on_the_line_of_the_label_belongs_to_the_list(question: tuple[str, tuple[int, ...]]) -> None:
    text, numbers = question
    assert list_numbers(text) == numbers
    assert read_question(text, False).items == numbers
    # An option too many costs little, one that is missing cannot be answered.
    assert set(numbers) <= set(option_numbers(text))


@given(lists((*LABELS, *OWN_LINE), per_line=(2, 4)))
def test_several_items_on_a_line(question: tuple[str, tuple[int, ...]]) -> None:
    text, numbers = question
    assert list_numbers(text) == numbers


@given(lists((*LABELS, *OWN_LINE), per_line=(20, 20)))
def test_all_items_on_one_line(question: tuple[str, tuple[int, ...]]) -> None:
    text, numbers = question
    assert list_numbers(text) == numbers


@given(
    st.lists(st.sampled_from(ITEMS), min_size=5, max_size=9),
    st.sampled_from(STYLES),
    st.sampled_from(("Products: ", "Products:\n", "Items: ", "Candidates:\n", "Aspect list: ", "Prodotti: ")),
    st.sampled_from(("lost", "repeated", "as it is")),
    st.sampled_from((0, 1)),
)
def test_the_first_number_may_be_missing_or_repeated(
    items: list[str], style: str, label: str, first: str, start: int
) -> None:
    numbers = list(range(start, start + len(items)))
    written = [style.format(number) + item for number, item in zip(numbers, items, strict=True)]
    if first == "lost":
        written[0] = items[0]
    elif first == "repeated":
        written.insert(1, style.format(start) + "One more")
    text = f"Which would suit?\n{label}" + "\n".join(written) + "\nOutput:"
    found = list_numbers(text)
    assert found == tuple(numbers)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Items sold here\n0 soap\n1 dish\n2 brush\n3 towel", (0, 1, 2, 3)),
        ('r0 "soap"\nr1 "dish"\nr2 "brush"\nr3 "towel"', (0, 1, 2, 3)),
        ("Opinion 1 - fine\nOpinion 2 - bad\nOpinion 3 - well\nOpinion 4 - no", (1, 2, 3, 4)),
        ("1/ soap\n2/ dish\n3/ brush", (1, 2, 3)),
        ("1> soap\n2> dish\n3> brush", (1, 2, 3)),
        ("0 = soap\n1 = dish\n2 = brush", (0, 1, 2)),
        ("1 — soap\n2 — dish\n3 — brush", (1, 2, 3)),
        ("①肥皂\n②盘子\n③刷子\n④毛巾", (1, 2, 3, 4)),
        ("Which one? 1 soap, 2 dish, 3 brush, 4 towel, 5 lamp", (1, 2, 3, 4, 5)),
        ("LIST 0. soap\n1. dish\n2. brush\n3. towel", (0, 1, 2, 3)),
        ("Products: 0. soap\nwith a long text\n1. dish\n2. brush", (0, 1, 2)),
        # An item behind the label is one without its number, also where it is longer than the others and holds numbers.
        ("Products: Liner brush, 2 pack\n1. Soap dish\n2. Soap dish\n3. Soap dish", (0, 1, 2, 3)),
        ("Products: Oil 5W-30 for 2. and 3. gear, 4 cans\n2. Soap\n3. Dish\n4. Rug\n5. Pan", (1, 2, 3, 4, 5)),
        ("Products: a pan, 26 cm wide 1. Soap 2. Dish 3. Rug", (0, 1, 2, 3)),
        # What is before the list is about it, and none of its items.
        ("Products: some of these do not suit somebody who wants to wash up in the garden.\n1. soap\n2. dish", (1, 2)),
        ("Products: take what fits.\n1. soap\n2. dish\n3. brush", (1, 2, 3)),
        ("Products: 0.3-in-1 charger\n1. Soap\n2. Dish\n3. Rug", (0, 1, 2, 3)),
        ("Which are soft? Products: 0.3-in-1 charger\n1.5 m cable\n2. Dish\n3. Rug", (0, 1, 2, 3)),
        ("Products: 1.5 m cable 2. Soap 3. Dish 4. Rug", (1, 2, 3, 4)),
        ("Pick what fits from the following: 0.3-in-1 charger\n1. Soap\n2. Dish\n3. Rug", (0, 1, 2, 3)),
        ("Pick what fits from the following: 0. Lamp 1.5 m 1. Soap 2.5 m cable 3. Rug", (0, 1, 2, 3)),
        ("Articles : 0 - colle\n1 - poussette\n2 - brosse\n3 - sirop", (0, 1, 2, 3)),
        ("Three of these matter: 0 - noise, 1 - filter, 2 - threads, 3 - shoe width.", (0, 1, 2, 3)),
        ("Which? 0 = soap; 1 = dish; 2 = brush", (0, 1, 2)),
        ('{"task":"rank","items":["0 - soap","1 - dish","2 - brush"]}', (0, 1, 2)),
        ("Query: shoes\n1. soap\n2. dish\n3. brush", (1, 2, 3)),
        ("Bought items: a lamp, a rug\n1. soap\n2. dish\n3. brush", (1, 2, 3)),
        ("Products:\n1. soap\n2. dish\n3. brush, pack of 4. Blue", (1, 2, 3)),
        ("Version 0.9 of the list\n1. soap\n2. dish\n3. brush", (1, 2, 3)),
    ],
)
def test_lists_are_read_whole_and_not_more(text: str, numbers: tuple[int, ...]) -> None:
    assert list_numbers(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "1.99\n2.99\n3.99\n4.99",
        "1.5.2024\n2.5.2024\n3.5.2024\n4.5.2024",
        "1 May\n2 May\n3 May\n4 May",
        "1 kg\n2 kg\n3 kg\n4 kg",
        "1 x 2 m\n2 x 3 m\n3 x 4 m\n4 x 5 m",
        "Sizes 0, 1, 2, 3 and 4 are left, each at 1.99, 2.99 or 3.99.",
        "Öffnungszeiten am 1. Mai, 2. Juni, 3. Juli und 4. August.",
        "It costs $1. Then $2. Then $3. Then $4.",
        "From 1.1.2024 to 2.2.2024, from 3.3.2024 to 4.4.2024.",
        "At 1:30, 2:30, 3:30 and 4:30 pm.",
        "Step 1: cut it\nStep 2: glue it\nStep 3: paint it\nStep 4: dry it",
        "1 cup flour\n2 eggs\n3 tbsp sugar",
        "Size 1/2, 2/3 and 3/4 inch",
        "Open 1 - 2 pm, 2 - 3 pm and 3 - 4 pm.",
        "0 - 1 year, 1 - 2 years, 2 - 3 years, 3 - 4 years",
        "Scale: 1 = never, 5 = always",
        "Rated 1 star, 2 stars, 3 stars, 4 stars",
    ],
)
def test_prices_dates_and_sizes_are_no_lists(text: str) -> None:
    assert find_list(text) is None


@given(
    st.lists(st.integers(0, 40), min_size=3, max_size=8),
    st.sampled_from(
        ("{}.99", "${}.50", "{} cm", "{}.5.2024", "{}:30", "{} x {} cm", "{}%", "{}oz", "{},5 kg", "v{}.0")
    ),
    st.sampled_from(("\n", ", ", " ", " | ")),
)
def test_amounts_in_any_order_are_no_lists(numbers: list[int], style: str, between: str) -> None:
    text = "Product: lamp\n" + between.join(style.format(number, number) for number in sorted(numbers))
    assert find_list(text) is None


def test_a_list_behind_its_label_is_picked_from_with_its_first_item() -> None:
    text = "Which product types have a handle? Select all that apply.\nProducts: 0. Pan\n1. Soap\n2. Brush\nOutput:"
    question = read_question(text, False)
    assert question.task_type is TaskType.RETRIEVAL
    assert question.answer_format.accepts("0,2,1")


def test_shortening_keeps_the_numbers_of_items_behind_a_label() -> None:
    items = [f"{number}. {'soft ' * 300}" for number in range(5)]
    short = shorten("Pick two.\nReviews: " + "\n".join(items) + "\nOutput:", 2000)
    assert list_numbers(short) == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("cheapest first, all five: 1 laptop 2 pencil 3 backpack 4 car tire set 5 notebook", (1, 2, 3, 4, 5)),
        ("Sort the screens:\n1 - 27 in, 2 - 65 in, 3 - 6.1 in, 4 - 43 in", (1, 2, 3, 4)),
        ("Days: 1 May 2 June 3 July 4 August", ()),
        ("Ages: 1 - 3, 2 - 4, 3 - 5, 4 - 6", ()),
        ("Take: 1 cup 2 spoons 3 lb 4 oz", ()),
        ("He counted: 1 lamp and 2 rugs and 3 cups", ()),
    ],
)
def test_numbers_that_count_up_behind_a_colon_or_commas_are_items(text: str, numbers: tuple[int, ...]) -> None:
    assert list_numbers(text) == numbers


# What sets the items of a table, a list of strings or a script without spaces off: how an item is written, what is between.
CELLS = ("| {} | {} |", "| {} | {} | 3.50 |", "|{}|{}|", "{} | {}", '{} | "{}"', "| {}. | {} |")
HEADS = ("", "| # | product |\n", "| no | product | price |\n|---|:--|--:|\n", "id | product\n")
STRINGS = ('"{}: {}"', '"{}. {}"', "'{}) {}'", '"{} - {}"', '"{} {}"')
BRACKETS = ('(a={}) "{}"', "[a{}] {}", "(item {}) {}", "<r{}> {}", "({}) {}", "a-{}: {}")
NAMES = ("soap", "dish set", "Gießkanne", "rug, blue", "lámpara", "towel rack (steel)", "cat hair remover")


def written(style: str, names: list[str], start: int) -> list[str]:
    return [style.format(number, name) for number, name in enumerate(names, start=start)]


@given(
    st.lists(st.sampled_from(NAMES), min_size=4, max_size=9),
    st.sampled_from((0, 1)),
    st.sampled_from(CELLS),
    st.sampled_from(HEADS),
    st.sampled_from(TAILS),
)
def test_the_rows_of_a_numbered_table_are_a_list_with_its_head(
    names: list[str], start: int, style: str, head: str, tail: str
) -> None:
    text = f"Which would a plumber buy?\n\n{head}" + "\n".join(written(style, names, start)) + tail
    found = find_list(text)
    assert found and found.numbers == tuple(range(start, start + len(names)))
    assert found.rows == range(2, 2 + head.count("\n") + len(names))


@given(
    st.lists(st.sampled_from(NAMES), min_size=4, max_size=9),
    st.sampled_from((0, 1)),
    st.sampled_from(STRINGS),
    st.sampled_from(("items = [", "Sort these: [", "candidates: [", "[")),
)
def test_strings_that_hold_their_numbers_are_a_list(names: list[str], start: int, style: str, before: str) -> None:
    text = f"{before}{', '.join(written(style, names, start))}]\nNumbers only."
    assert list_numbers(text) == tuple(range(start, start + len(names)))


@given(
    st.lists(st.sampled_from(NAMES), min_size=4, max_size=9, unique=True),
    st.sampled_from((0, 1)),
    st.sampled_from(BRACKETS),
)
def test_a_number_may_stand_in_brackets_with_a_word(names: list[str], start: int, style: str) -> None:
    text = "Sort the replies.\n" + "\n".join(written(style, names, start)) + "\nNo explanation."
    assert list_numbers(text) == tuple(range(start, start + len(names)))


@given(
    st.lists(st.sampled_from(("肥皂", "猫爬架", "石けん", "皿", "ブラシ", "USB线")), min_size=3, max_size=8),
    st.sampled_from((0, 1)),
    st.sampled_from(("({}){}", "（{}）{}", "{}){}", "{}、{}", "【{}】{}", "[{}]{}")),
    st.sampled_from(("候选：", "请挑三件:\n", "番号を選んでください。")),
)
def test_items_follow_each_other_without_spaces(names: list[str], start: int, style: str, before: str) -> None:
    text = before + "".join(written(style, names, start)) + "\n只要数字。"
    assert list_numbers(text) == tuple(range(start, start + len(names)))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("①肥皂②盘子③刷子④毛巾", (1, 2, 3, 4)),
        ("which 3 for a hiker? 1 tent 2 tie 3 boots 4 vase", (1, 2, 3, 4)),
        ("need 2 of this list pls!! 1 oat bath 2 fragrance free cream 3 aftershave 4 rug just nrs", (1, 2, 3, 4)),
        ("rank by price 0 laptop 1 pencil 2 backpack 3 car tire set 4 notebook thx", (0, 1, 2, 3, 4)),
        ("id,item\n1,soap\n2,dish\n3,rug\n4,pan", (1, 2, 3, 4)),
        ("**1** soap\n**2** dish\n**3** rug\n**4** pan", (1, 2, 3, 4)),
        ("`0` soap\n`1` dish\n`2` rug\n`3` pan", (0, 1, 2, 3)),
        ("1\tsoap\n2\tdish\n3\trug\n4\tpan", (1, 2, 3, 4)),
    ],
)
def test_numbers_that_little_sets_off_are_those_of_items(text: str, numbers: tuple[int, ...]) -> None:
    assert list_numbers(text) == numbers


@pytest.mark.parametrize(
    "text",
    [
        "| attribute | value |\n|---|---|\n| brand | Tolva |\n| capacity | 750 ml |\n| year | 2019 |",
        "| size | chest |\n|---|---|\n| S | 90 |\n| M | 96 |\n| L | 102 |",
        "| size | cm |\n|---|---|\n| 1 | 10 |\n| 2 | 20 |\n| 3 | 30 |\n| 4 | 40 |",
        "| 36 | 23 cm |\n| 37 | 24 cm |\n| 38 | 24.5 cm |",
        "| 1 kg | flour |\n| 2 kg | sugar |\n| 3 kg | salt |",
        "Weight | 1 | 2 | 3",
        "The set includes 1 pot 2 pans 3 lids 4 spoons 5 knives and a rack.",
        "Title: Toy box 1 red car 2 blue truck 3 green boat 4 ball 5 doll",
        "Text: 1 loaf 2 eggs 3 onions 4 carrots and a pinch of salt",
        "It is 1 of 2 that we have, 3 of 4 are sold, 5 left",
        "In 1 week 2 people bought 3 pans and 4 lids",
        "他买了1个杯子，2个盘子，3个碗，4把勺子",
        "第1章、第2章、第3章",
        "2024年1月、2月、3月、4月",
        "部屋は1、2、3、4階にある。",
        "(day=1) rain\n(day=2) sun\n(day=3) wind\n(day=4) snow",
    ],
)
def test_tables_of_figures_and_prose_with_numbers_are_no_lists(text: str) -> None:
    assert find_list(text) is None
