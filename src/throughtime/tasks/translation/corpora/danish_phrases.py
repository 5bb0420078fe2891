"""Danish sentences of our own with their English: words that mean one thing here and another there, in both senses.

*Hans* is a name and "his", *ged* a goat and, in "der gik ged i det", what went wrong, *regner* rains and calculates,
*på spanden* is on the bucket and in trouble. Which one is meant, only the rest of the sentence tells.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product

Phrase = tuple[str, str]
"""Danish, English."""

_NAMES = ("Anna", "Peter", "Mette", "Tom", "Mary", "Jens")
_TIMES = (("", ""), (" i dag", " today"), (" nu", " now"), (" igen", " again"), (" hver dag", " every day"))
# what somebody does: Danish present tense, English present
_DEEDS = (
    ("læser avisen", "reads the newspaper"),
    ("drikker kaffe", "drinks coffee"),
    ("spiser et æble", "eats an apple"),
    ("bor i København", "lives in Copenhagen"),
    ("arbejder her", "works here"),
    ("går i skole", "goes to school"),
    ("løber hurtigt", "runs fast"),
    ("spiller klaver", "plays the piano"),
    ("taler dansk", "speaks Danish"),
    ("kommer for sent", "comes late"),
    ("kender os", "knows us"),
    ("kan ikke svømme", "can't swim"),
    ("vil gerne hjem", "wants to go home"),
    ("har en hund", "has a dog"),
    ("har ingen penge", "has no money"),
    ("skriver et brev", "writes a letter"),
)
_STATES = (
    ("træt", "tired"),
    ("syg", "ill"),
    ("glad", "happy"),
    ("vred", "angry"),
    ("rig", "rich"),
    ("hjemme", "at home"),
)
_KIN = (
    ("bror", "brother"),
    ("søster", "sister"),
    ("mor", "mother"),
    ("far", "father"),
    ("kone", "wife"),
    ("ven", "friend"),
    ("lærer", "teacher"),
    ("søn", "son"),
    ("datter", "daughter"),
    ("chef", "boss"),
)
# things, and whether they are of the neuter gender
_THINGS = (
    ("bil", "car", False),
    ("hund", "dog", False),
    ("kat", "cat", False),
    ("cykel", "bicycle", False),
    ("bog", "book", False),
    ("nøgle", "key", False),
    ("telefon", "phone", False),
    ("hat", "hat", False),
    ("hus", "house", True),
    ("ur", "watch", True),
    ("værelse", "room", True),
    ("kamera", "camera", True),
)
_LOOKS = (
    ("ny", "nyt", "new"),
    ("gammel", "gammelt", "old"),
    ("stor", "stort", "big"),
    ("lille", "lille", "small"),
    ("rød", "rødt", "red"),
    ("dyr", "dyrt", "expensive"),
    ("væk", "væk", "gone"),
)
_VENTURES = (
    ("det", "it"),
    ("planen", "the plan"),
    ("mødet", "the meeting"),
    ("rejsen", "the trip"),
    ("arbejdet", "the work"),
    ("ferien", "the holiday"),
    ("festen", "the party"),
    ("forsøget", "the experiment"),
    ("aftalen", "the agreement"),
    ("maden", "the food"),
)
_PLACES = (
    ("i haven", "in the garden"),
    ("på marken", "in the field"),
    ("bag huset", "behind the house"),
    ("på gaden", "in the street"),
    ("ved floden", "by the river"),
    ("på gården", "on the farm"),
)
_DANES = (("jeg", "I"), ("du", "you"), ("han", "he"), ("hun", "she"), ("vi", "we"), ("de", "they"))
_SUMS = (
    ("på prisen", "the price"),
    ("på afstanden", "the distance"),
    ("på omkostningerne", "the costs"),
    ("svaret ud", "the answer"),
    ("summen ud", "the sum"),
    ("renten ud", "the interest"),
)
_LACKS = (
    ("penge", "money"),
    ("hjælp", "help"),
    ("vand", "water"),
    ("en bil", "a car"),
    ("nøglen", "the key"),
    ("dig", "you"),
    ("telefon", "a phone"),
    ("Tom", "Tom"),
)
_ON_TOP = (
    ("Låget", "The lid"),
    ("Fuglen", "The bird"),
    ("Navnet", "The name"),
    ("Kluden", "The cloth"),
    ("Katten", "The cat"),
    ("Skeen", "The spoon"),
)


def phrases(seed: int = 0, of_each: int = 150) -> list[Phrase]:
    """Composed sentences, Danish and English, up to so many of each sense, in a random order that the seed decides.

    Example:
        >>> ("Hans bror er syg.", "His brother is ill.") in phrases(of_each=10_000)
        True
    """
    draw = random.Random(seed)
    senses = (_hans_the_name, _hans_his, _goat, _gone_wrong, _rain, _sums, _on_the_bucket, _in_trouble)
    found = []
    for sense in senses:
        every = list(dict.fromkeys(sense()))
        found += draw.sample(every, min(of_each, len(every)))
    draw.shuffle(found)
    return found


def _hans_the_name() -> Iterator[Phrase]:
    for (deed, does), (when, then) in product(_DEEDS, _TIMES):
        yield f"Hans {deed}{when}.", f"Hans {does}{then}."
        yield f"Jeg tror, at Hans {deed}{when}.", f"I think that Hans {does}{then}."
    for state, english in _STATES:
        yield f"Hans er {state}.", f"Hans is {english}."
        yield f"Er Hans {state}?", f"Is Hans {english}?"
        yield f"Hans er ikke {state}.", f"Hans is not {english}."
    for name in _NAMES:
        yield f"Hans og {name} er her.", f"Hans and {name} are here."
        yield f"Hans elsker {name}.", f"Hans loves {name}."
        yield f"{name} kender Hans.", f"{name} knows Hans."
        yield f"{name} taler med Hans.", f"{name} is talking to Hans."
    for thing, english, neuter in _THINGS:
        yield f"Hans har {_a(neuter)} {thing}.", f"Hans has {_an(english)}."
        yield f"Hans købte {_a(neuter)} {thing}.", f"Hans bought {_an(english)}."
    for (kin, english), (state, is_so) in product(_KIN, _STATES):
        yield f"Hans siger, at min {kin} er {state}.", f"Hans says that my {english} is {is_so}."


def _hans_his() -> Iterator[Phrase]:
    for (kin, english), (deed, does) in product(_KIN, _DEEDS):
        yield f"Hans {kin} {deed}.", f"His {english} {does}."
    for (kin, english), (state, is_so) in product(_KIN, _STATES):
        yield f"Hans {kin} er {state}.", f"His {english} is {is_so}."
    for (thing, english, neuter), (common, other, looks) in product(_THINGS, _LOOKS):
        yield f"Hans {thing} er {other if neuter else common}.", f"His {english} is {looks}."
        yield f"Er hans {thing} {other if neuter else common}?", f"Is his {english} {looks}?"
    for thing, english, _ in _THINGS:
        yield f"Hvor er hans {thing}?", f"Where is his {english}?"
        yield f"Jeg har set hans {thing}.", f"I have seen his {english}."
        yield f"Hans {thing} er ikke her.", f"His {english} is not here."


def _goat() -> Iterator[Phrase]:
    for place, where in _PLACES:
        yield f"Der er en ged {place}.", f"There is a goat {where}."
        yield f"Geden står {place}.", f"The goat is standing {where}."
        yield f"Jeg så en ged {place}.", f"I saw a goat {where}."
        yield f"Der gik en ged {place}.", f"A goat was walking {where}."
        yield f"Geden gik {place}.", f"The goat walked {where}."
        yield f"En ged og en ko står {place}.", f"A goat and a cow are standing {where}."
    for common, _, looks in _LOOKS:
        yield f"Min ged er {common}.", f"My goat is {looks}."
        yield f"Geden er {common}.", f"The goat is {looks}."
    for person, who in _DANES:
        have = "has" if who in ("he", "she") else "have"
        yield f"{person.capitalize()} har en ged.", f"{who[0].upper()}{who[1:]} {have} a goat."
        yield f"{person.capitalize()} købte en ged.", f"{who[0].upper()}{who[1:]} bought a goat."
    for name in _NAMES:
        yield f"{name} malker en ged.", f"{name} is milking a goat."
        yield f"{name} har to geder.", f"{name} has two goats."


def _gone_wrong() -> Iterator[Phrase]:
    for venture, english in _VENTURES:
        begin = english[0].upper() + english[1:]
        yield f"Der gik ged i {venture}.", f"{begin} went wrong."
        yield f"Der er gået ged i {venture}.", f"{begin} has gone wrong."
        yield f"Så gik der ged i {venture}.", f"Then {english} went wrong."
        yield f"Desværre gik der ged i {venture}.", f"Unfortunately, {english} went wrong."
        yield f"Hvorfor gik der ged i {venture}?", f"Why did {english} go wrong?"
        yield f"Jeg tror, der gik ged i {venture}.", f"I think {english} went wrong."
        yield f"Der går altid ged i {venture}.", f"{begin} always goes wrong."
        for name in _NAMES:
            yield (
                f"Der gik ged i {venture}, fordi {name} kom for sent.",
                f"{begin} went wrong because {name} came late.",
            )


def _rain() -> Iterator[Phrase]:
    for when, then in (*_TIMES, (" meget", " a lot"), (" udenfor", " outside"), (" om natten", " at night")):
        yield f"Det regner{when}.", f"It is raining{then}."
        yield f"Regner det{when}?", f"Is it raining{then}?"
        yield f"Jeg tror, det regner{when}.", f"I think it is raining{then}."
    for place, where in _PLACES:
        yield f"Det regner {place}.", f"It is raining {where}."
    for person, who in _DANES:
        stay = "stays" if who in ("he", "she") else "stay"
        yield f"Når det regner, bliver {person} hjemme.", f"When it rains, {who} {stay} at home."
        yield f"Hvis det regner, bliver {person} her.", f"If it rains, {who} {stay} here."
    for (kin, english), (deed, does) in product(_KIN, _DEEDS[:4]):
        yield f"Det regner, men min {kin} {deed}.", f"It is raining, but my {english} {does}."
    for name in _NAMES:
        yield f"{name} siger, at det regner.", f"{name} says that it is raining."
        yield f"Det regner, og {name} er ude.", f"It is raining, and {name} is outside."


def _sums() -> Iterator[Phrase]:
    for (what, english), (person, who) in product(_SUMS, _DANES):
        verb = {"I": "am", "he": "is", "she": "is"}.get(who, "are")
        yield f"{person.capitalize()} regner {what}.", f"{who[0].upper()}{who[1:]} {verb} calculating {english}."
        yield f"Regner {person} {what}?", f"{verb.capitalize()} {who} calculating {english}?"
    for (what, english), name in product(_SUMS, _NAMES):
        yield f"{name} regner {what}.", f"{name} is calculating {english}."
    for (kin, english), (what, sums) in product(_KIN, _SUMS):
        yield f"Min {kin} regner {what}.", f"My {english} is calculating {sums}."


def _on_the_bucket() -> Iterator[Phrase]:
    for thing, english in _ON_TOP:
        yield f"{thing} er på spanden.", f"{english} is on the bucket."
        yield f"{thing} ligger på spanden.", f"{english} is lying on the bucket."
        yield f"{thing} sidder på spanden.", f"{english} is sitting on the bucket."
        yield f"{thing} er ikke på spanden.", f"{english} is not on the bucket."
        yield f"Er {thing.lower()} på spanden?", f"Is {english.lower()} on the bucket?"
        yield f"Hvorfor er {thing.lower()} på spanden?", f"Why is {english.lower()} on the bucket?"
    for (thing, english, neuter), name in product(_THINGS, _NAMES):
        yield f"{name} lagde {_a(neuter)} {thing} på spanden.", f"{name} put {_an(english)} on the bucket."
    for _, neuter_form, looks in _LOOKS[:6]:
        yield f"Der er et {neuter_form} låg på spanden.", f"There is {_an(looks)} lid on the bucket."


def _in_trouble() -> Iterator[Phrase]:
    be = {"I": "am", "he": "is", "she": "is"}
    for person, who in _DANES:
        verb, begin = be.get(who, "are"), who[0].upper() + who[1:]
        yield f"{person.capitalize()} er på spanden.", f"{begin} {verb} in trouble."
        yield f"Nu er {person} på spanden.", f"Now {who} {verb} in trouble."
        yield f"Er {person} på spanden?", f"{verb.capitalize()} {who} in trouble?"
        yield f"{person.capitalize()} er virkelig på spanden.", f"{begin} {verb} really in trouble."
        for lack, english in _LACKS:
            yield f"Uden {lack} er {person} på spanden.", f"Without {english}, {who} {verb} in trouble."
    for name, (state, is_so) in product(_NAMES, _STATES[:4]):
        yield f"{name} er {state} og på spanden.", f"{name} is {is_so} and in trouble."
        yield f"{name} er på spanden.", f"{name} is in trouble."
    for kin, english in _KIN:
        yield f"Min {kin} er på spanden.", f"My {english} is in trouble."
        yield f"Hvis min {kin} ikke kommer, er vi på spanden.", f"If my {english} doesn't come, we are in trouble."


def _a(neuter: bool) -> str:
    return "et" if neuter else "en"


def _an(noun: str) -> str:
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"
