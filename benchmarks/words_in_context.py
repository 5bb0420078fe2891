"""Words in context: Danish words that mean one thing here and another there, in sentences of our own.

*Hans* is a name and "his", *ged* a goat and, in "der gik ged i det", what went wrong, *regner* rains and calculates,
*på spanden* is on the bucket and in trouble. `benchmarks/translation.py` asks a model for them.
"""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """One meaning of an ambiguous word."""

    word: str
    meaning: str
    says: str  # what a translation that has understood it says, as a regular expression
    sentences: list[tuple[str, str, str]]  # Danish, English, English with the other meaning


WORDS = [
    Word(
        "Hans",
        "a name",
        r"\bHans\b",
        [
            ("Hans sover.", "Hans is sleeping.", "His sleeping."),
            ("Hans er min bedste ven.", "Hans is my best friend.", "His is my best friend."),
            ("Hans kan tale tre sprog.", "Hans can speak three languages.", "His can speak three languages."),
            ("Hans og Maria skal giftes.", "Hans and Maria are getting married.", "His and Maria are getting married."),
            ("Hans vil ikke komme i morgen.", "Hans will not come tomorrow.", "His will not come tomorrow."),
            ("Hvor bor Hans?", "Where does Hans live?", "Where does his live?"),
            ("I går besøgte Hans os.", "Hans visited us yesterday.", "His visited us yesterday."),
            ("Jeg gav Hans bogen.", "I gave Hans the book.", "I gave his book."),
            ("Hans har glemt det.", "Hans has forgotten it.", "His has forgotten it."),
            ("Hans løj for mig.", "Hans lied to me.", "His lied to me."),
        ],
    ),
    Word(
        "Hans",
        "his",
        r"\b[Hh]is\b",
        [
            ("Hans navn er ikke Tom.", "His name is not Tom.", "Hans' name is not Tom."),
            ("Hans kone venter udenfor.", "His wife is waiting outside.", "Hans wife is waiting outside."),
            ("Hans hår er langt.", "His hair is long.", "Hans hair is long."),
            ("Hans svar var forkert.", "His answer was wrong.", "Hans answer was wrong."),
            ("Hans hænder var kolde.", "His hands were cold.", "Hans hands were cold."),
            ("Hans forældre er døde.", "His parents are dead.", "Hans parents are dead."),
            ("Hans øjne er blå.", "His eyes are blue.", "Hans eyes are blue."),
            ("Hans historie er sand.", "His story is true.", "Hans story is true."),
            ("Hans arm er brækket.", "His arm is broken.", "Hans arm is broken."),
            ("Hans drøm gik i opfyldelse.", "His dream came true.", "Hans dream came true."),
        ],
    ),
    Word(
        "ged",
        "a goat",
        r"\bgoats?\b",
        [
            ("Vores ged er død.", "Our goat is dead.", "Ours went wrong."),
            ("Har du set min ged?", "Have you seen my goat?", "Did it go wrong?"),
            ("Hun fodrer en ged.", "She is feeding a goat.", "She is going wrong."),
            ("Tom solgte sin ged.", "Tom sold his goat.", "Tom went wrong."),
            ("En ged spiser græs.", "A goat eats grass.", "It goes wrong."),
            ("Hvem ejer den ged?", "Who owns that goat?", "Who went wrong?"),
            ("Der løb en ged over vejen.", "A goat ran across the road.", "It went wrong on the road."),
            ("Jeg er bange for den ged.", "I am afraid of that goat.", "I am afraid it went wrong."),
        ],
    ),
    Word(
        "ged",
        "went wrong",
        r"\b(go|goes|going|gone|went) wrong\b|\bmess|\bscrew|\bfail",
        [
            ("Der gik ged i mit projekt.", "My project went wrong.", "There was a goat in my project."),
            ("Der gik ged i hele ugen.", "The whole week went wrong.", "A goat walked the whole week."),
            ("Til sidst gik der ged i det.", "In the end it went wrong.", "In the end a goat went into it."),
            (
                "Der gik desværre ged i billetterne.",
                "Unfortunately the tickets went wrong.",
                "A goat walked in the tickets.",
            ),
            ("Der er gået ged i min computer.", "My computer has gone wrong.", "A goat walked into my computer."),
            ("Der gik helt ged i samtalen.", "The conversation went wrong.", "A goat walked in the conversation."),
            (
                "Pas på, at der ikke går ged i det.",
                "Take care that it doesn't go wrong.",
                "Take care of the goat in it.",
            ),
            ("Der gik ged i det for os.", "It went wrong for us.", "A goat walked in it for us."),
        ],
    ),
    Word(
        "regner",
        "rains",
        r"\brain",
        [
            ("Det regner i London.", "It is raining in London.", "It is calculating in London."),
            ("Hvorfor regner det altid?", "Why does it always rain?", "Why does it always calculate?"),
            (
                "Tag din frakke på, det regner.",
                "Put on your coat, it's raining.",
                "Put on your coat, it's calculating.",
            ),
            ("Det regner sjældent her.", "It rarely rains here.", "It rarely calculates here."),
            (
                "Vi går ikke ud, hvis det regner.",
                "We are not going out if it rains.",
                "We are not going out if it calculates.",
            ),
            ("Se, det regner!", "Look, it's raining!", "Look, it's calculating!"),
            (
                "Jeg håber ikke, det regner i morgen.",
                "I hope it doesn't rain tomorrow.",
                "I hope it doesn't calculate tomorrow.",
            ),
            ("Det regner og er koldt.", "It is raining and cold.", "It is calculating and cold."),
        ],
    ),
    Word(
        "regner",
        "calculates",
        r"\bcalculat|\bcount|\bcomput|\breckon|\bsums?\b|\bwork(s|ing)? out\b",
        [
            (
                "Læreren regner på tallene.",
                "The teacher is calculating the numbers.",
                "The teacher is raining on the numbers.",
            ),
            ("Tom regner vægten ud.", "Tom is calculating the weight.", "Tom is raining the weight out."),
            (
                "Min mand regner på regningen.",
                "My husband is calculating the bill.",
                "My husband is raining on the bill.",
            ),
            ("Hun regner tiden ud.", "She is calculating the time.", "She is raining the time out."),
            ("Vi regner på vores gæld.", "We are calculating our debt.", "We are raining on our debt."),
            (
                "Eleverne regner svaret ud.",
                "The students are calculating the answer.",
                "The students are raining the answer.",
            ),
            ("Hvem regner prisen ud?", "Who is calculating the price?", "Who is raining the price?"),
            (
                "Min nabo regner på afstanden.",
                "My neighbour is calculating the distance.",
                "My neighbour is raining far away.",
            ),
        ],
    ),
    Word(
        "på spanden",
        "on the bucket",
        r"\bbuckets?\b|\bpail\b",
        [
            ("Der er maling på spanden.", "There is paint on the bucket.", "There is paint in trouble."),
            ("Hun satte sig på spanden.", "She sat down on the bucket.", "She sat down in trouble."),
            ("Mit navn står på spanden.", "My name is on the bucket.", "My name is in trouble."),
            ("Der ligger sne på spanden.", "There is snow on the bucket.", "There is snow in trouble."),
            ("Læg brættet på spanden.", "Put the board on the bucket.", "Put the board in trouble."),
            ("Hvad er der på spanden?", "What is on the bucket?", "What is in trouble?"),
            ("Frøen sad på spanden.", "The frog sat on the bucket.", "The frog was in trouble."),
            ("Tom stod på spanden.", "Tom stood on the bucket.", "Tom was in trouble."),
        ],
    ),
    Word(
        "på spanden",
        "in trouble",
        r"\btroubles?\b|\bin a (fix|jam|mess|tight)",
        [
            ("Vi er på spanden uden hende.", "We are in trouble without her.", "We are on the bucket without her."),
            ("Tom er på spanden igen.", "Tom is in trouble again.", "Tom is on the bucket again."),
            ("Firmaet er på spanden.", "The company is in trouble.", "The company is on the bucket."),
            ("Jeg er på spanden, hvis du går.", "I am in trouble if you go.", "I am on the bucket if you go."),
            ("Hele familien er på spanden.", "The whole family is in trouble.", "The whole family is on the bucket."),
            (
                "Uden arbejde er man på spanden.",
                "Without a job you are in trouble.",
                "Without a job you are on the bucket.",
            ),
            ("Landet er på spanden.", "The country is in trouble.", "The country is on the bucket."),
            ("Hvorfor er vi på spanden?", "Why are we in trouble?", "Why are we on the bucket?"),
        ],
    ),
]
