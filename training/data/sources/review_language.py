"""Tells the language of a review: by grammar where there is any, in short praise by what people write in reviews.

"Ottimo prodotto, lo consiglio" holds no word of grammar that is Italian alone. The one thing to know: two telling words
make a language, where no English ones stand beside them, so that "bien made" stays English.
"""

import re

from submission.languages import detect_language

# English speakers write "I" and "i phone": no Italian article.
_I = re.compile(r"\bi\b", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+")
_TELLING = {
    "en": "love loved great good nice works well made it the is my this was not very easy perfect would buy again super",
    "es": "excelente producto calidad gusto gustó encanta encanto encantó muy bonito bonita bueno buena gracias recomiendo "
    "recomendado hermoso hermosa perfecto perfecta llego llegó tiempo talla tamaño precio todo",
    "it": "ottimo ottima prodotto qualità consiglio consigliato molto bello bella bellissimo bellissima perfetto perfetta buono "
    "buona buon prezzo arrivato spedizione tutto soddisfatto grazie",
    "fr": "produit conforme merci très bon bonne parfait parfaite qualité bien recommande livraison rapide prix beaucoup "
    "satisfait satisfaite",
    "de": "sehr gut gute gerne wieder schnell schnelle lieferung qualität preis passt perfekt schön schöne leider empfehlen "
    "danke produkt zufrieden",
}
_LANGUAGE_OF = {word: language for language, words in _TELLING.items() for word in words.split()}
_FEWEST = 2


def language_of(text: str) -> str:
    """Return the code of the language of a review, "en" where nothing speaks for another."""
    detected = detect_language(_I.sub(" ", text))
    if detected != "en":
        return detected
    votes = dict.fromkeys(_TELLING, 0)
    for word in _WORD.findall(text.lower()):
        if word in _LANGUAGE_OF:
            votes[_LANGUAGE_OF[word]] += 1
    best = max(votes, key=votes.__getitem__)
    return best if votes[best] >= _FEWEST and not votes["en"] else "en"
