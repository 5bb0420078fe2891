"""Sentences that people say to machines: commands, times, dates and numbers, composed by a small grammar."""

from __future__ import annotations

import random
import re
from collections.abc import Callable

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth"
_DAYS = f"{_ORDINALS} fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split()
_DAYS += [*(f"twenty {day}" for day in _DAYS[:9]), "thirtieth", "thirty first"]

_WORDS = {
    "month": "january|february|march|april|may|june|july|august|september|october|november|december",
    "weekday": "monday|tuesday|wednesday|thursday|friday|saturday|sunday",
    "day": "|".join(_DAYS),
    "room": "kitchen|bedroom|bathroom|living room|hall|office|garage|garden|cellar|nursery",
    "thing": "lights|lamp|heating|radio|television|fan|oven|camera|printer|blinds|music|alarm",
    "name": "anna|peter|maria|david|laura|oliver|sophie|george|emma|thomas|my mother|the doctor|the office",
    "music": "jazz|some piano music|the news|a story|my favourite songs|something quiet|the weather report",
    "city": "london|paris|berlin|copenhagen|madrid|boston|tokyo|sydney|cairo|delhi",
    "colour": "red|green|blue|yellow|white|orange|purple",
    "object": "milk|bread|coffee|apples|batteries|paper|eggs|butter|soap|flowers",
    "direction": "left|right|up|down|forward|back",
}
_PATTERNS = (
    "turn {switch} the {thing} in the {room}",
    "turn the {room} {thing} {switch}",
    "switch {switch} the {thing}",
    "make the {room} lights {colour}",
    "set the {thing} to {percent} percent",
    "set the heating in the {room} to {degrees} degrees",
    "set an alarm for {time}",
    "wake me at {time} on {weekday}",
    "set a timer for {number} minutes",
    "remind me to call {name} at {time}",
    "call {name} please",
    "dial {digits}",
    "the number is {digits}",
    "my code is {digits}",
    "{digits}",
    "play {music} in the {room}",
    "play {music} at {time}",
    "stop the {thing} in the {room} now",
    "what is the weather in {city} on {weekday}",
    "what time is it in {city}",
    "how far is it from {city} to {city}",
    "book a table for {digit} at {time}",
    "book a flight to {city} on the {day} of {month}",
    "when is the next train to {city} on {weekday}",
    "add {object} and {object} to the shopping list",
    "buy {number} {object}",
    "take the {object} to the {room}",
    "my birthday is on the {day} of {month}",
    "it was {weekday} the {day} of {month} {year}",
    "meet {name} on {weekday} at {time}",
    "tell {name} that i am in {city}",
    "go {direction} {number} steps",
    "turn {direction} and then go {direction}",
    "open the {colour} door and close the {colour} one",
    "how much is {number} plus {number}",
    "cancel the meeting on the {day} of {month}",
    "check the {thing} in the {room} at {time}",
)


def compose(count: int, seed: int) -> list[str]:
    """So many different sentences; with the same seed always the same.

    Example:
        >>> compose(2, seed=1) == compose(3, seed=1)[:2]
        True
    """
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        pattern = chance.choice(_PATTERNS)
        found[re.sub(r"\{(\w+)\}", lambda part: _fill(part[1], chance), pattern)] = None
    return list(found)


def _fill(part: str, chance: random.Random) -> str:
    if part in _WORDS:
        return chance.choice(_WORDS[part].split("|"))
    return _RULES[part](chance)


def number_in_words(number: int) -> str:
    """A whole number from 0 to 99.

    Example:
        >>> number_in_words(42), number_in_words(17), number_in_words(30)
        ('forty two', 'seventeen', 'thirty')
    """
    if number < 10:
        return DIGITS[number]
    if number < 20:
        return _TEENS[number - 10]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f" {DIGITS[ones]}" if ones else "")


def _digits(chance: random.Random) -> str:
    return " ".join(chance.choice(DIGITS) for _ in range(chance.randint(2, 7)))


def _time(chance: random.Random) -> str:
    hour = number_in_words(chance.randint(1, 12))
    kind = chance.randrange(5)
    if kind == 0:
        return f"{hour} o'clock"
    if kind == 1:
        return f"half past {hour}"
    if kind == 2:
        return f"quarter {chance.choice(('past', 'to'))} {hour}"
    if kind == 3:
        return f"{hour} {number_in_words(chance.randint(10, 59))}"
    return f"{hour} in the {chance.choice(('morning', 'afternoon', 'evening'))}"


def _year(chance: random.Random) -> str:
    return f"{chance.choice(('nineteen', 'twenty'))} {number_in_words(chance.randint(10, 99))}"


_RULES: dict[str, Callable[[random.Random], str]] = {
    "digits": _digits,
    "digit": lambda chance: DIGITS[chance.randint(2, 9)],
    "number": lambda chance: number_in_words(chance.randint(2, 99)),
    "percent": lambda chance: number_in_words(chance.randint(1, 19) * 5),
    "degrees": lambda chance: number_in_words(chance.randint(15, 28)),
    "switch": lambda chance: chance.choice(("on", "off")),
    "time": _time,
    "year": _year,
}
