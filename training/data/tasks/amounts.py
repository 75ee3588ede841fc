"""Reads from titles how much of something there is and in how many packs: "9.24 oz (Pack of 6)".

The one thing to know: what is not read for sure is told from what is not there. "1-1/2 lb" and "12oz x 2" give no amount,
but they are amounts, and a question that took them for none would have a wrong answer.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

# Unit: its plural name in questions, what is measured, and how many of the base unit of that measure it is.
UNITS = {
    "fluid ounce": ("fluid ounces", "volume", Fraction("29.5735")),
    "ounce": ("ounces", "weight", Fraction("28.3495")),
    "pound": ("pounds", "weight", Fraction("453.592")),
    "gram": ("grams", "weight", Fraction(1)),
    "kilogram": ("kilograms", "weight", Fraction(1000)),
    "milliliter": ("milliliters", "volume", Fraction(1)),
    "liter": ("liters", "volume", Fraction(1000)),
    "gallon": ("gallons", "volume", Fraction("3785.41")),
    "inch": ("inches", "length", Fraction("2.54")),
    "foot": ("feet", "length", Fraction("30.48")),
    "centimeter": ("centimeters", "length", Fraction(1)),
    "millimeter": ("millimeters", "length", Fraction(1, 10)),
    "count": ("count", "count", Fraction(1)),
}
_SPELLINGS = {
    "fluid ounce": r"fl(?:uid)?\.?[ -]?(?:oz\.?|ounces?)",
    "ounce": r"oz\.?|ounces?",
    "pound": r"lbs?\.?|pounds?",
    "gram": r"(?-i:g|gr)|grams?",
    "kilogram": r"kg|kilograms?",
    "milliliter": r"ml|milliliters?|millilitres?",
    "liter": r"l|liters?|litres?",
    "gallon": r"gal\.?|gallons?",
    "inch": r"inch(?:es)?|in\.|\"",
    "foot": r"ft\.?|feet|foot",
    "centimeter": r"cm|centimeters?",
    "millimeter": r"mm|millimeters?",
    "count": r"count|ct\.?|pieces|pcs\.?",
}
_NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,4})(?:\.\d{1,2})?|\.\d{1,2}|[1-9]\d?/(?:2|3|4|8|16)"
_AMOUNT = re.compile(
    rf"(?<![^\W_])(?P<number>{_NUMBER})[ -]?(?:"
    + "|".join(f"(?P<{unit.replace(' ', '_')}>{pattern})" for unit, pattern in _SPELLINGS.items())
    + r")(?![^\W_])(?! ?[x×*](?![^\W\d_]))",
    re.IGNORECASE,
)
# A number behind these is only a part of what is said: of a range, a mixed fraction, a decimal, feet and inches, a price.
_CUT_OFF = re.compile(r"(?:\d ?[-–—~/+&] ?|\d[,'’]|\d (?:to|or|and) |[x×*.$€£#½¼¾⅓⅔])$", re.IGNORECASE)
_MIXED = re.compile(r"\d[ -]$")
# "5 ft 6 in." is one length.
_FEET_BEFORE = re.compile(r"\d ?(?:ft|feet|foot|['’′])[.,]?[ -]?$", re.IGNORECASE)
_INCHES_BEHIND = re.compile(r"[.,]?[ -]?\d+(?:\.\d+)? ?(?:in\b|inch|[\"”″])", re.IGNORECASE)
# Not the end of "Mix" or "Box".
_TIMES = re.compile(r"[\w.] ?(?<![^\W\d_])[x×*] ?$", re.IGNORECASE)
# Without a space these are what a network or a radio is called.
_NETWORK = re.compile(r"(?:[2-6]|2\.4|5\.8|10|802\.11)g", re.IGNORECASE)
# A letter alone is a unit where the thing can have one: elsewhere it ends the name of a model, a size or a gauge.
_CODE = re.compile(r"[^\W_][-/]$|(?<![^\W\d_])[x×] ?$", re.IGNORECASE)
_MOST_LITERS = 50
_GAUGED = re.compile(
    r"\b(?:gauge|needles?|pierc\w+|studs?|belly|nose|lip ring|body jewell?e?ry|barbells?|hoops?|wires?"
    r"|memory|cards?|usb|flash|routers?|wireless|wi-?fi|ddr\d?|ram|ssd|armou?r|medieval|strings?)\b",
    re.IGNORECASE,
)
# Liters of such titles are what an engine displaces.
_ENGINE = re.compile(
    r"\b(?:v ?(?:4|6|8|10|12)|i4|l4|l6|engines?|cylinders?|cyl|turbo|diesel|dohc|sohc|hp|motors?|gaskets?|spark|alternators?"
    r"|ignition|chevy|chevrolet|ford|dodge|toyota|honda|nissan|bmw|jeep|gmc|mazda|subaru|hyundai|audi|volkswagen|vw)\b",
    re.IGNORECASE,
)
# What follows a part of the food rather than the food: "20g Plant Protein".
_NUTRIENT = re.compile(
    r"(?: of)?(?: [\w-]+){0,2} (?:protein|sugars?|carb(?:ohydrate)?s?|fib(?:er|re)|fat|caffeine|collagen|sodium|cbd)\b",
    re.IGNORECASE,
)
# "115 gr" of these are grains.
_GRAINS = re.compile(
    r"\b(?:ammo|ammunition|bullets?|rounds?|grains?|arrows?|broadheads?|crossbow|field points?)\b", re.IGNORECASE
)
# Any number beside what could be a unit of weight, volume or count, however it is written.
_LOOSE = re.compile(
    r"[\d½¼¾⅓⅔⅛][\s.,/-]{0,3}(?:(?:fl|fluid|oz|ounces?|lbs?|pounds?|gr?|grams?|grammes?|kgs?|kilos?|kilograms?|mg|cc|[mcd]?l|[a-z]*lit(?:er|re)s?"
    r"|gal|gallons?|quarts?|qts?|pints?|pts?|cups?|tons?|count|ct|pieces?|pcs?|units?|ea)(?![^\W_])|#)",
    re.IGNORECASE,
)
_UNIT_WORD = re.compile(
    r"(?:\b|\d)(?:oz|ounces?|lbs?|pounds?|grams?|kgs?|kilos?|kilograms?|ml|lit(?:er|re)s?|gallons?|quarts?|pints?|cups?|tons?|count|ct"
    r"|pieces?|pcs?)\b",
    re.IGNORECASE,
)
_COUNT_WORD = re.compile(r"(?:\b|\d)(?:count|ct|pieces?|pcs?)\b", re.IGNORECASE)
# "8 Packs of 72" are as many as somebody guesses.
_PACK = re.compile(
    r"(?<!\d[ -])\b(?:pack|set|case|box|bundle) of (\d{1,3})\b(?!,\d)"
    r"|(?<![\w.])(?<!\d[,/–-])(\d{1,3})[- ]?(?:packs?|pks?)\b(?! of \d)"
    r"|(?<![\w.])(?<!\d[,/–-])(\d{1,3}) per (?:pack|case)\b",
    re.IGNORECASE,
)
# Other packs than those that are counted: "Twin Pack", "Gift Set", "2 dozen".
_PACK_WORD = re.compile(r"\b(?:(?:multi)?packs?|pks?|sets?|bundles?|dozens?|(?:cases?|box(?:es)?) of)\b", re.IGNORECASE)
# What these hold is what their ounces and liters measure, not what they weigh; and an ounce of a liquid may be a fluid one.
_CONTAINER = re.compile(
    r"\b(?:mug|cup|bottle|tumbler|glass|jar|pitcher|carafe|kettle|pot|press|flask|bowl|bag|backpack|daypack|cooler|tank|bin|can"
    r"|container|dispenser|thermos|pan|basket|bucket|box(?:es)?|tub|growler|canteen|vase|pouch|ramekin|dish(?:es)?|plate|saucer|crock"
    r"|mou?ld|tray|planter|beaker|vial|syringe|shaker|decanter|teapot|goblet|stein|ladle|scoop|canister|casserole"
    r"|diffuser|humidifier|vacuum|fermenter|carboy|keg|pail|drum|tote|hamper|hydrator|dryer|washer|freezer|fridge|refrigerator|oven|fryer"
    r"|cooker|blender|trash can|compactor|composter|grow kit|wine kit|brew(?:ing)? kit|homebrew"
    r"|bladder|reservoir|juicer|water pack"
    r"|filter|pump|heater|buoy|barrel|samovar|dry ?bag)s?\b",
    re.IGNORECASE,
)
_LIQUID = re.compile(
    r"\b(?:oil|juice|shampoo|conditioner|lotion|sauce|drink|milk|beverage|soap|serum|spray|cleaner|water|syrup|vinegar|toner"
    r"|wash|detergent|soda|creamer|gel|cream|ink|paint|polish|softener|sanitizer|mouthwash|perfume|cologne|rinse|beer|ale|wine"
    r"|cola|kombucha|lemonade|seltzer|smoothie|broth|stock|soup|tonic|cider|punch|nectar|extract|dressing|ketchup|marinade"
    r"|cleanser|bleach|lubricant|lube|glue|adhesive|remover|repellent|sunscreen|moisturizer|aftershave|formula|sparkling"
    r"|cold brew|latte|bottled|iced|frapp[eé]|frappuccino|shake|quencher|breeze|dr\.? pepper|cocktail|brewed"
    r"|(?:un)?sweet(?:ened)? tea"
    r"|solution|drops|concentrate|mist|fragrance|freshener|liquid|fluid|energy|electrolyte|hydration|bubbles)s?\b",
    re.IGNORECASE,
)
# What is sold by weight. "Lime 12 oz" may well be a drink, and "Zip Ties 50 lb" hold so much.
_SOLID = re.compile(
    r"\b(?:nut|almond|cashew|peanut|pistachio|pecan|walnut|hazelnut|macadamia|seed|flax|chia|quinoa|oat|oatmeal|granola|muesli"
    r"|cereal|rice|pasta|noodle|ramen|spaghetti|macaroni|flour|sugar|sweetener|erythritol|salt|pepper|spice|seasoning|powder"
    r"|cinnamon|saffron|turmeric|paprika|cocoa|chocolate|truffle|cand(?:y|ies)|gumm(?:y|ies)|gum|mint|licorice|caramel|toffee"
    r"|marshmallow|cookie|biscuit|brownie|cracker|crisp|chip|pretzel|popcorn|jerky|beef|bacon|ham|sausage|chicken|turkey|tuna"
    r"|salmon|sardine|meat|cheese|butter|yogh?urt|hummus|bread|tortilla|bagel|muffin|cake|mix|bean|lentil|pea|chickpea|fruit"
    r"|raisin|date|mango|apricot|berr(?:y|ies)|cranberr(?:y|ies)|blueberr(?:y|ies)|vegetable|broccoli|potato(?:es)?|coffee|tea"
    r"|treat|kibble|(?:pet|dog|cat|fish|bird|baby) food|bait|lure|jig|candle|wax|bath bomb|toothpaste|deodorant|pomade|balm"
    r"|clay|yarn|wool|glitter|confetti|bead|dart|incense|tablet|vitamin|protein|creatine|snack|bar|bites|puree|honey|jam"
    r"|yeast|starch|gelatin|pellet|charcoal|grass seed|dumbbell|kettlebell|soil|mulch|sand|gravel|fertili[sz]er|litter|filament"
    r"|plaster|cement|frosting|olive|salad|soup mix)s?\b",
    re.IGNORECASE,
)
# An amount in such a title is what the thing carries, is meant for or is made with, not how much of it there is.
_RATING = re.compile(
    r"\b(?:capacity|supports?|holds?|up ?to|strength|breaking|tensile|max(?:imum)?|loads?|limit|rated|rating"
    r"|test|under|over|per|paper|cardstock|bond|fishing|line|rope|magnets?|hooks?|scale|carats?|diamonds?)\b"
    r"|\bfor\b[^,(]*\d ?-?(?:lbs?|pounds?|kgs?|kilograms?)\b",
    re.IGNORECASE,
)
# What is counted here is rolls or boxes of pieces, or the pieces of one thing: how many things there are is not sure.
PARTS = re.compile(
    r"\b\d{1,4}[- ]?(?:rolls?|box(?:es)?|bottles?|tubes?|bags?|sheets?|pouches|canisters?|tubs?|cans?|pairs?|sleeves?|refills?"
    r"|pads?|books?|jars?|tins?|bundles?|reams?)\b",
    re.IGNORECASE,
)
_ONE_THING = re.compile(
    r"\b(?:puzzles?|games?|kits?|playsets?|blocks|bricks|models?|cookware|dinnerware|cutlery|cards|railway|train|thread"
    r"|rings?|earrings?|necklaces?|diamonds?|moissanite|zirconia|gemstones?|carats?|outfits?|clothes|costumes?|pajamas?"
    r"|(?:sheet|bedding|comforter|duvet|luggage|tool|furniture|dining|patio|bistro|sectional) sets?|tea sets?)\b",
    re.IGNORECASE,
)
# In each pack, or in all of them? And what comes with a thing is not counted in it.
_PACKS_OF_PIECES = re.compile(
    r"\bpacks?\b[ ,]*(?:of|contains?|includes?|total)\b[ ,]*\d+[ -]?(?:count|ct|pieces?|pcs?)\b"
    r"|(?:\b(?:and|with|plus|including|includes?)|[+&]) ?\d+[ -]?(?:count|ct|pieces?|pcs?)\b|\b\d+ each\b",
    re.IGNORECASE,
)
# Beside what is counted there are so many of something else.
_AND_OTHERS = re.compile(r"(?:\band|&|\+|\bplus) \d{1,3} [^\W\d_]{3,}", re.IGNORECASE)
# An amount in such a title may be that of all that is in it.
_WHOLE = re.compile(r"\b(?:total|sets? of)\b", re.IGNORECASE)
_MOST_PACKS = 100


@dataclass(frozen=True)
class Amount:
    """An amount as a title gives it, for instance 9.24 ounces."""

    value: Fraction
    unit: str

    @property
    def measure(self) -> str:
        """What is measured: weight, volume, length or count."""
        return UNITS[self.unit][1]


def amounts(title: str) -> list[Amount]:
    """Return the amounts of what a title offers, in order; only counts where it offers something to put amounts in."""
    is_container = _CONTAINER.search(title) is not None or _RATING.search(title) is not None
    is_liquid = _LIQUID.search(title) is not None
    found = []
    for match in _readable(title):
        unit = _unit(match)
        value = Fraction(match.group("number").replace(",", ""))
        is_meant = value.denominator == 1 if unit == "count" else not (is_container or (unit == "ounce" and is_liquid))
        if is_meant and value > 0:
            found.append(Amount(value, unit))
    return found


def _unit(match: re.Match[str]) -> str:
    return next(name for name in UNITS if match.group(name.replace(" ", "_")))


def _readable(title: str) -> list[re.Match[str]]:
    """Return the matches of amounts that are the whole of what is said there."""
    title = _without_packs(title)
    found = []
    for match in _AMOUNT.finditer(title):
        before = title[: match.start()]
        is_cut_off = (
            _CUT_OFF.search(before)
            or ("/" in match.group("number") and _MIXED.search(before))
            or (match.group("foot") and _INCHES_BEHIND.match(title, match.end()))
            or (match.group("inch") and _FEET_BEFORE.search(before))
        )
        if not is_cut_off and not _NETWORK.fullmatch(match.group()) and not _is_of_something_else(match, title):
            found.append(match)
    return found


def _is_of_something_else(match: re.Match[str], title: str) -> bool:
    """Whether what is read as an amount is a code, a size or the amount of a nutrient."""
    symbol = match.group().removeprefix(match.group("number")).lstrip()
    if symbol in {"-l", "-L", "-g"} or (symbol in {"l", "L", "g", "gr"} and _CODE.search(title, 0, match.start())):
        return True
    if symbol in {"l", "L"}:
        return (
            _ENGINE.search(title) is not None
            or not _LIQUID.search(title)
            or Fraction(match.group("number").replace(",", "")) > _MOST_LITERS
        )
    if match.group("gram"):
        named_otherwise = {"g": _GAUGED, "gr": _GRAINS}.get(symbol)
        return (named_otherwise is not None and named_otherwise.search(title) is not None) or (
            _NUTRIENT.match(title, match.end()) is not None
        )
    return False


def _without_packs(title: str) -> str:
    """Return the title with blanks in place of its packs, whose numbers belong to no unit."""
    return _PACK.sub(lambda match: " " * len(match.group()), title)


def single_amount(title: str, *measures: str) -> Amount | None:
    """Return the only amount of one of these measures; None where there are several, or any that is not read for sure.

    A weight is only sure to be that of what is sold where that is sold by weight.
    """
    found = [amount for amount in amounts(title) if amount.measure in measures]
    if len(found) != 1 or (found[0].measure == "weight" and not _SOLID.search(title)):
        return None
    return found[0] if _all_is_read(title) and not _WHOLE.search(title) else None


def _all_is_read(title: str) -> bool:
    """Whether every number beside a unit is one of the amounts that are read, and none is to be multiplied."""
    blanked = _without_packs(title)
    readable = _readable(title)
    if any(UNITS[_unit(match)][1] != "length" and _TIMES.search(blanked, 0, match.start()) for match in readable):
        return False
    return all(
        any(match.start() <= loose.start() < match.end() for match in readable) for loose in _LOOSE.finditer(blanked)
    )


def says_no_amount(title: str) -> bool:
    """Whether a title, its packs apart, says nothing at all of an amount, not even in a way that is not read."""
    blanked = _without_packs(title)
    return not (_AMOUNT.search(blanked) or _LOOSE.search(blanked) or _UNIT_WORD.search(blanked))


def says_a_count(title: str) -> bool:
    """Whether a title speaks of pieces, read or not."""
    return _COUNT_WORD.search(_without_packs(title)) is not None


def counts_things(title: str) -> bool:
    """Whether a number of pieces in a title is one of things that are bought, rather than of parts or packages of them."""
    if any(pattern.search(title) for pattern in (PARTS, _ONE_THING, _PACKS_OF_PIECES, _AND_OTHERS)):
        return False
    # "10 Pcs (Pack of 10)" says the same ten twice.
    return all(amount.unit != "count" or amount.value != packs(title) for amount in amounts(title))


def packs(title: str) -> int | None:
    """Return how many packs a title says there are, None where it does not say, says so twice or speaks of other packs."""
    found = list(_PACK.finditer(title))
    if len(found) != 1 or _PACK_WORD.search(_without_packs(title)) or _TIMES.search(title, 0, found[0].start()):
        return None
    number = int(next(filter(None, found[0].groups())))
    return number if 1 < number <= _MOST_PACKS else None


def is_one_pack(title: str) -> bool:
    """Whether nothing in a title speaks of packs."""
    return not (_PACK.search(title) or _PACK_WORD.search(title))


def written(value: Fraction, unit: str = "") -> str:
    """Return a number with at most two decimals (four for halves to sixteenths), with its unit in the number that fits."""
    decimals = 4 if 16 % value.denominator == 0 else 2
    text = f"{float(value):.{decimals}f}".rstrip("0").rstrip(".")
    if not unit:
        return text
    return f"{text} {unit if text == '1' else UNITS[unit][0]}"
