"""What a question asks for, told from its wording: evidence for citing, and evidence against it."""

from pathlib import Path

import pytest

from benchmarks.reading import tally
from benchmarks.reading_sources import sources_of
from submission.answer_formats import FreeText, Spans
from submission.instructions import read_instruction
from submission.questions import read_question
from submission.task_lexicon import KINDS
from submission.task_rules import RULES, Reading
from submission.task_types import classify_task, judge
from submission.task_weights import WEIGHTS

WORDINGS = Path(__file__).resolve().parent.parent.parent / "benchmarks" / "wordings"


@pytest.mark.parametrize(
    "text",
    [
        # A product and a buyer's question about it, answered from knowledge.
        "Product: Cordless Lamp with Hook\nQuestion: Which brand of battery fits, and where do I find it?\nAnswer:",
        "Here is a product title and what a buyer asks. Tell the buyer.\nTitle: Steel Pan 28 cm\nBuyer: what size is the lid",
        "Produkt: Akkuleuchte\nFrage: Welche Farbe hat das Licht?\nAntwort:",
        # A judgement of a statement.
        "Statement: The jar broke because it fell.\nIdentify whether the statement names a reason, and which one.",
        "Find out if the two sentences say the same, and explain.\nSentence 1: It rains.\nSentence 2: It is dry.",
        # Categories and keywords for a product.
        "Name four keywords that capture the product best.\nProduct: Folding bench of oak",
        "Which categories fit the product title below? List them.\nTitle: Folding bench of oak",
        # Prose about texts.
        "Find the mistakes and correct the sentence: the bench are new.",
        "Split the text in two sentences. Text: The bench, which is new, is made of oak.",
        "What is the question that is answered by this text? Text: The bench weighs four kilos.",
        'Question: Where do fish live?\nOptions:\n- water\n- trees\n\nThe answer is "water" because',
        "Extract what the writer wants, in your own words.\nText: could you maybe send a new lid",
        "要約してください。\nタイトル：折りたたみ椅子\nレビュー：軽くて丈夫です。",
    ],
)
def test_what_is_answered_freely_is_not_cited(text: str) -> None:
    assert isinstance(read_question(text, False).answer_format, FreeText)


@pytest.mark.parametrize(
    "text",
    [
        "Extract the brand from the query: solvik lamp black",
        "Copy the colour word from the title, nothing else.\nTitle: Lamp Black 40 cm",
        "Title: Lamp of Oak and Brass\nEntity type: material\nSpans, separated by commas:",
        "Which part of the query 'lamp for kids' names the audience?",
        "Nenne die Marke im Titel.\nTitel: Solvik Lampe",
        "Relevez la couleur dans la requête : lampe noire",
        "Copia la talla de la consulta: zapatos niño talla 30",
        "Estrai il materiale dal titolo: lampada in ottone",
        "クエリからブランド名を抜き出してください。\nクエリ：ソルビック ランプ",
        "从标题中提取颜色。\n标题：黑色台灯",
    ],
)
def test_a_kind_of_thing_and_a_text_to_take_it_from_are_cited(text: str) -> None:
    form = read_question(text, False).answer_format
    assert isinstance(form, Spans) and form.many


def test_what_is_in_a_body_does_not_tell_what_is_asked() -> None:
    instruction = "Extract the brand from the query.\nQuery: "
    bodies = ("lamp", "summarize translate explain why", "rank the question of the customer, write a sentence")
    verdicts = {judge(read_instruction(instruction + body)) for body in bodies}
    assert len(verdicts) == 1


def test_a_weak_reading_says_so() -> None:
    sure = read_question("Translate the title into German: Red lamp", False)
    unsure = read_question("lamp, the brand thing?", False)
    assert 0 < unsure.confidence < 0.9 < sure.confidence <= 1
    assert read_question("Which?\n0. a\n1. b", True).confidence == 1


def test_the_wordings_of_others_are_read() -> None:
    for name, wordings in sources_of([WORDINGS]).items():
        counted = tally(wordings, WEIGHTS)
        if not name.startswith("imagined"):
            assert counted.right / counted.total >= 0.92, name
            assert counted.free_forced <= 0.04 * counted.free, name


def test_every_rule_has_a_reason_and_a_weight() -> None:
    names = [rule.tag or rule.name for rule in RULES]
    assert len(set(names)) == len(names)
    assert all(rule.why and bool(rule.sees) != bool(rule.tag) for rule in RULES)
    known = set().union(*WEIGHTS.values()) - {""}
    assert known <= set(names)


def test_more_evidence_for_free_text_makes_it_likelier() -> None:
    text = "Query: red lamp"
    cited = classify_task(f"Extract the brand, verbatim.\n{text}", False)
    free = classify_task(f"Explain the brand in two sentences of your own words.\n{text}", False)
    assert (str(cited), str(free)) == ("named_entity_recognition", "generation")
    assert judge(read_instruction("")).reading is Reading.FREE


@pytest.mark.parametrize("label", ["Products:", "Artikel:", "商品:", "Candidates", "### Items", "Queries:"])
@pytest.mark.parametrize(
    ("ask", "reading"),
    [
        ("From best to worst.", Reading.RANKING),
        ("Par utilité décroissante.", Reading.RANKING),
        ("一番合うものから順に。", Reading.RANKING),
        ("Which options suit it?", Reading.RETRIEVAL),
        ("Quelles affirmations sont vraies ?", Reading.RETRIEVAL),
        ("Was würde der Kunde kaufen?", Reading.RETRIEVAL),
    ],
)
def test_an_instruction_behind_a_labelled_list_is_none_of_its_items(label: str, ask: str, reading: Reading) -> None:
    text = f"Query: garden shears\n{label}\n1. hedge trimmer\n2. oil\n3. rake\n4. lamp\n5. gloves\n{ask}\nAnswer:"
    assert judge(read_instruction(text)).reading is reading
    assert judge(read_instruction(text.replace(f"\n{label}", ""))).reading is reading


@pytest.mark.parametrize(
    "ask", ["Please help me with this: Find the city.", "You work for a shop. Tag all entities of type character."]
)
def test_an_instruction_behind_a_text_is_no_line_of_that_text(ask: str) -> None:
    text = f"Text:\nNorvik hedge trimmer, 18 V, with a bag from Lyon\n{ask}\nAnswer:"
    assert judge(read_instruction(text)).reading is Reading.ENTITIES


@pytest.mark.parametrize(
    ("text", "reading"),
    [
        # What people think of a thing is cited where the words are to be those of the text.
        ("Copy the customer's complaints word for word, with commas.\nReview: thin cloth, late parcel", Reading.ENTITIES),
        ("不満の対象になっているものをそのまま抜き出してください。\nレビュー：布が薄い", Reading.ENTITIES),
        ("Review: thin cloth, late parcel\nWhat does the customer complain about? Tell us in a sentence.", Reading.FREE),
        # The text stands before the demand, with no label.
        ("warm socks for my uncle's birthday\n\nfrom the text above: who is the recipient? copy the words.", Reading.ENTITIES),
        ("Housse pour tablette M10 et M12, en cuir — quels appareils compatibles sont cités ? Recopiez-les.", Reading.ENTITIES),
        ("[Q] Does the cream hold almond oil or shea?\nIngredients mentioned in the question:", Reading.ENTITIES),
        # Several answers may be right.
        ("Welche Stimmen sprechen das Gewicht an? (Mehrfachnennung möglich)\n0. gut\n1. spät\n2. rot\n3. nein", Reading.RETRIEVAL),
        ("From sturdiest to most brittle: 0. a steel pan, 1. a cup, 2. a vase, 3. a bag", Reading.RANKING),
        ("Customer history: boots, gels. Re-rank the list for her. 1. vest 2. lamp 3. socks 4. torch", Reading.RANKING),
        # A text ends where somebody asks for something.
        ("Review: It came late, but the blade is sharp.\nYou run a shop. Write a headline for the review.", Reading.FREE),
        ("レビュー: 遅れて届きましたが、刃はよく切れます。\nあなたは店員です。見出しを書いてください。", Reading.FREE),
    ],
)  # fmt: skip
def test_what_is_thought_named_or_right_is_told_from_what_is_written(text: str, reading: Reading) -> None:
    assert judge(read_instruction(text)).reading is reading


@pytest.mark.parametrize("thing", ["tread pattern", "wick count", "villain", "zorbel"])
@pytest.mark.parametrize(
    ("ask", "reading"),
    [
        ("Fill the slot '{}' with the exact words of the text.", Reading.ENTITIES),
        ("Pull the {} out of the text below.", Reading.ENTITIES),
        ("Extract the {}. Do not paraphrase.", Reading.ENTITIES),
        ("Which {} does the text mention? Write none if there is none.", Reading.ENTITIES),
        ("Copy every {} in the following text, separated by commas.", Reading.ENTITIES),
        ("Explain the {} to a beginner.", Reading.FREE),
        ("Which {} would you suggest?", Reading.FREE),
        ("Suggest a better word for the {}.", Reading.FREE),
        ("What does the text say of the {}? Put it in your own words.", Reading.FREE),
        ("Generate a question about the {}.", Reading.FREE),
    ],
)
def test_things_of_no_word_list_are_asked_for_by_what_stands_around_them(
    thing: str, ask: str, reading: Reading
) -> None:
    text = "Solvik garden lamp, 40 cm, with a hook and a lid"
    assert judge(read_instruction(f"{ask.format(thing)}\nText: {text}")).reading is reading
    assert judge(read_instruction(f"{ask.format(thing)}\n\n{text}")).reading is reading


def test_a_text_without_a_label_is_set_off_from_what_is_asked() -> None:
    asked = "From the blurb, get the names of the characters."
    body = "Old Tobias swears to the police that the summary, for which they asked, was rewritten by the reviewer."
    assert (
        read_instruction(f"{asked}\n\n{body}").kinds
        == read_instruction(f"{asked}\n\nMy lamp of oak is one that I like.").kinds
    )


def test_where_nothing_tells_what_to_do_nothing_is_set_off() -> None:
    assert "text set off" not in read_instruction("A lamp of oak that I like.\nA rug of wool that I like.").tags


@pytest.mark.parametrize("pair", ["EN>DE", "en -> fr", "Japanese → English"])
def test_a_pair_of_languages_is_a_translation(pair: str) -> None:
    assert judge(read_instruction(f"{pair}, title\nLunch bag for kids, blue")).reading is Reading.FREE


def test_every_entry_of_the_table_can_be_found() -> None:
    """A phrase is looked up by its first word, which is written in full."""
    entries = [entry.split() for _, entries in KINDS.values() for entry in entries.split("|")]
    assert not [entry for entry in entries if len(entry) > 1 and entry[0].endswith("*")]


@pytest.mark.parametrize("name", ["Receipt", "Blurb", "Zorbel", "レシート"])
def test_a_text_may_have_any_name_that_is_its_label(name: str) -> None:
    text = f"From the {name.lower()}, pull out the total.\n{name}: bread 2.10, milk 1.40, and 3.50 in all"
    named, unnamed = read_instruction(text), read_instruction(text.replace(f"{name}: ", "Till: "))
    assert named.text.startswith(("from the text", "from the blurb")) and judge(named).reading is Reading.ENTITIES
    assert unnamed.text.startswith(f"from the {name.lower()}")


@pytest.mark.parametrize("label", ["Review:", "Title:", "Review text:", "Titel:"])
def test_a_label_of_a_text_that_waits_for_it_wants_it_written(label: str) -> None:
    told = read_instruction(f"Product: down pillow\nRating: 2 of 5\n{label}")
    assert "waits for text" in told.tags and judge(told).reading is Reading.FREE


RECORD = '{"title": "Oak Bay Wool Cap", "weight_g": 90, "colour": "moss", "size": "L"}'
GIVEN = (
    RECORD,
    "Brand: Tolva\nColour: moss\nCapacity: 750 ml",
    "| key | value |\n|---|---|\n| brand | Tolva |\n| colour | moss |",
)


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize("frame", ["input: {given}\ntask: {ask}\noutput:", "{given}\n{ask}", "{ask}\n\n{given}"])
@pytest.mark.parametrize(
    "ask",
    [
        "write a product description of about 40 words from the record",
        "Compose an advert in fifty words from the data.",
        "Produce a blurb, 25 words, from the table.",
        "Draft a listing text from the attributes.",
        "Verfasse aus den Daten einen Werbetext mit rund 50 Wörtern.",
        "Rédige une annonce d'environ 40 mots à partir de la fiche.",
        "Escribe un anuncio de unas 40 palabras a partir de los datos.",
        "Scrivi una descrizione di circa 40 parole dai dati.",
        "データから50字程度の商品説明を書いてください。",
        "根据数据写一段约40字的商品描述。",
        "Escreva um anúncio de cerca de 40 palavras a partir dos dados.",
    ],
)
def test_a_text_of_so_many_words_is_written_whatever_it_is_written_from(given: str, frame: str, ask: str) -> None:
    assert judge(read_instruction(frame.format(given=given, ask=ask))).reading is Reading.FREE


@pytest.mark.parametrize("end", ["=> description:", "Verbalise it.", "Description:"])
def test_a_record_alone_is_written_about(end: str) -> None:
    assert judge(read_instruction(f"material: nylon\ncolour: red\nlength: 4 m\n{end}")).reading is Reading.FREE


@pytest.mark.parametrize("given", GIVEN)
@pytest.mark.parametrize(
    "ask",
    ["Extract the colour from the record.", "Copy the brand as written in the data.", "Nenne die Farbe, wörtlich."],
)
def test_what_a_record_holds_is_still_taken_out_of_it(given: str, ask: str) -> None:
    assert judge(read_instruction(f"{ask}\n{given}")).reading is Reading.ENTITIES


@pytest.mark.parametrize(
    ("ask", "reading"),
    [
        ("Find the listings that describe the very same product as the target.", Reading.RETRIEVAL),
        ("Find every review that says the strap broke.", Reading.RETRIEVAL),
        ("Find all messages that ask for a refund. Ids only.", Reading.RETRIEVAL),
        ("Trouve les annonces qui décrivent le même produit que la cible.", Reading.RETRIEVAL),
        ("Encuentra los anuncios que describen el mismo producto.", Reading.RETRIEVAL),
        ("Return the positions of those that are vegan.", Reading.RETRIEVAL),
        ("Liste os números do produto mais barato ao mais caro, sem pular nenhum:", Reading.RANKING),
        ("List the numbers from cheapest to dearest, leaving none out.", Reading.RANKING),
        ("Nenne die Nummern vom billigsten zum teuersten Artikel, ohne einen auszulassen.", Reading.RANKING),
        ("Donne les numéros du moins cher au plus cher, sans en oublier.", Reading.RANKING),
        ("Indica los números del más barato al más caro, sin omitir ninguno.", Reading.RANKING),
        ("Elenca i numeri dal più economico al più caro, senza saltarne nessuno.", Reading.RANKING),
        ("Sort replies 1 to 5 by usefulness.", Reading.RANKING),
        ("Finde alle Tickets, in denen ein Teil fehlt.", Reading.RETRIEVAL),
        ("找出所有提到噪音的评论。", Reading.RETRIEVAL),
        ("Van goedkoop naar duur, alle nummers:", Reading.RANKING),
        ("Podaj numery od najtańszego do najdroższego, bez pomijania.", Reading.RANKING),
        ("Tell the shopper how they differ.", Reading.FREE),
        ("Find what these have in common and write one sentence.", Reading.FREE),
        ("Write a summary of about 30 words of the reviews.", Reading.FREE),
    ],
)
def test_numbers_of_a_list_are_asked_for_in_many_ways(ask: str, reading: Reading) -> None:
    items = "\n1) Strap snapped.\n2) Love it.\n3) Clasp came off.\n4) Too small.\n5) Where is it?"
    assert judge(read_instruction(ask + items)).reading is reading


@pytest.mark.parametrize(
    "text",
    [
        "Which animals are spoken of in the following Q&A? Return exact mentions.\nQ: Will it stop deer?\nA: A fox got under it.",
        "For the field `street`, give the exact substring.\n\ninput: deliver to 27 Tannery Lane, Lincoln\nstreet:",
        "field: delivery_day\nutterance: can you bring the sofa on Friday afternoon\nvalue (span of the utterance):",
        "slot=time | utterance=can you bring the sofa after six | value=",
        'Für das Feld "Straße" den genauen Wortlaut angeben.\nEingabe: an Frau Holt, Gerbergasse 27, Lingen\nStraße:',
        "Pour le champ « rue », donne la sous-chaîne exacte.\nentrée : livrer au 27 rue des Tanneurs, Lille\nrue :",
        'Para el campo "calle", da la subcadena exacta.\nentrada: entregar en calle Curtidores 27, Lugo\ncalle:',
        'Per il campo "via", dai la sottostringa esatta.\ninput: consegnare in via dei Conciatori 27, Lodi\nvia:',
        "字段“街道”，给出原文子串。\n输入：请送到林肯市制革巷27号，霍尔特女士收\n街道：",
        "Quels animaux sont cités ici ? Mentions exactes.\nQ : La clôture arrête-t-elle les cerfs ?\nR : Les blaireaux oui.",
        "Order parser. Return the substring for `courier`.\nmessage: please ship it with Dolphin Parcel\ncourier:",
    ],
)
def test_a_slot_and_a_talk_are_taken_from(text: str) -> None:
    assert judge(read_instruction(text)).reading is Reading.ENTITIES
