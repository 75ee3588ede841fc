"""Labels and quotations: what reading takes for the text that a question is about, and what it cites from."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.cited_text import body_of
from submission.instructions import instruction_of, read_instruction
from submission.question_text import LABELS, LabelKind, label_of, quotations

CITED = sorted({noun for words in LABELS if words.is_cited for noun in words.nouns.split()})
SEPARATORS = (": ", ":\n", " : ", "：", " = ", " -> ", "| ", ">> ")


@given(
    st.sampled_from(CITED),
    st.sampled_from(("{}", "{} text", "product {}", "** {} **", "### {}", "[{}]")),
    st.sampled_from(SEPARATORS),
    st.sampled_from(("", "\nOutput:", "\n\nColour:", "\nAspect: none\n=>", "\n->")),
)
def test_every_label_of_a_text_is_one_for_reading_and_for_citing(
    noun: str, pattern: str, separator: str, behind: str
) -> None:
    text = f"Copy the colour word, nothing else.\n{pattern.format(noun.capitalize())}{separator}red lamp of oak{behind}"
    assert body_of(text) == "red lamp of oak"
    assert "lamp" not in instruction_of(text)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        # Behind the end of a sentence on the same line, with an instruction behind it or without.
        ("Copy the colour. Title: red lamp", "red lamp"),
        ("Slot filling. Utterance: 'a hotel in Porto'. Slot: city. Value:", "a hotel in Porto"),
        ('Product: "Acme harness XL". Pull out the size.', "Acme harness XL"),
        ("Query: lamp by acme. Write the brand, nothing else.", "lamp by acme."),
        # Several lines of one text, and blank ones between them.
        (
            "Review: It came late.\nThe strap is soft and the buckle never opens by itself.\n\nI like it.\nAspect: strap",
            "It came late.\nThe strap is soft and the buckle never opens by itself.\n\nI like it.",
        ),
        ("Review:\n\nIt came late.\n\nCite the phrase about the delivery.", "It came late."),
        ("Rezension: Kam spät.\nZitiere die Stelle über die Lieferung.", "Kam spät."),
        # The last text counts, a review more than the name of what is reviewed, numbered ones together.
        ("Query: red mug\nColour: red\nQuery: blue pot\nColour:", "blue pot"),
        ("Review: Kam spät.\nProdukt: Lampe\nAspekt: Lieferung", "Kam spät."),
        ("Review 1: It fits.\nReview 2: Too small.\nPhrase:", "It fits.\nReview 2: Too small."),
        ("Kundenrezension: Kam spät.", "Kam spät."),
        ("商品描述：软垫椅\n颜色：", "软垫椅"),
        # A label of something else is none.
        ("Review helpfulness: high", "Review helpfulness: high"),
    ],
)
def test_bodies(text: str, body: str) -> None:
    assert body_of(text) == body


def test_what_goes_on_with_a_text_is_no_instruction() -> None:
    text = "Copy the aspect's words.\nReview: It came late.\nMy sister will rank the lamps and write a summary of all of them."
    assert "sister" not in read_instruction(text).text
    # An instruction behind a text is one, with a blank line before it or an act of its own.
    assert "rank" in read_instruction("Session:\nlamp\n\nNow the shopper, as ever, wants you to rank them all.").text
    assert (
        "rank" in read_instruction("Review: It came late.\nRank the five reviews above by how helpful they are.").text
    )


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Customer review", LabelKind.REVIEW),
        ("Avis du client", LabelKind.REVIEW),
        ("Buyer's question", LabelKind.QUESTION),
        ("Produkttitel", LabelKind.TITLE),
        ("用户评论", LabelKind.REVIEW),
        ("Desired output", LabelKind.ANSWER),
        ("Material", None),
    ],
)
def test_kinds_of_labels(label: str, kind: LabelKind | None) -> None:
    found = label_of(f"{label}: x")
    assert found is not None
    assert (found.words.kind if found.words else None) == kind


@given(st.text("ab '\"“”«»「」\n", max_size=60))
def test_quotations_lie_inside_of_the_text_and_do_not_overlap(text: str) -> None:
    found = quotations(text)
    assert all(0 < start < end < len(text) for start, end in found)
    assert all(left[1] < right[0] for left, right in pairwise(found))


@pytest.mark.parametrize(
    "text",
    [
        "Dans la phrase « red lamp », relève l'attribut « couleur principale du produit ».",
        'Il tipo "colore principale di questo prodotto" nella ricerca "red lamp"',
        "Welches Wort in der Kundenbewertung „red lamp“ gehört zum Merkmal „die wichtigste Farbe darin“?",
        "¿Qué valor tiene el atributo «color principal del artículo» en el título «red lamp»?",
        "从评论“red lamp”中提取属性“产品主要颜色的完整名称”的值。",
    ],
)
def test_the_quoted_text_is_told_from_the_quoted_type_in_every_language(text: str) -> None:
    assert body_of(text) == "red lamp"
