"""The grammar of the built-in news: patterns of sentences, and the ordinary words that fill them."""

from __future__ import annotations

_LISTS = {
    "day": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "month": "January February March April May June July August September October November December",
    "nation": (
        "American British German French Danish Swedish Polish Italian Spanish Chinese Indian Japanese Canadian Dutch"
    ),
    "role": (
        "president minister mayor senator governor judge bishop coach captain director painter writer singer "
        "actor teacher doctor engineer lawyer pilot farmer surgeon spokesman spokeswoman champion author reporter "
        "chairman editor poet king queen prince general officer candidate striker goalkeeper historian chemist "
        "architect scientist witness"
    ),
    "title": (
        "Mr. Mrs. Ms. Dr. Prof. President Senator Judge Sir Queen Captain Minister Mayor Governor General Pope Coach"
    ),
    "things": (
        "dogs cats horses rabbits ducks wolves foxes lions tigers monkeys elephants geese sheep owls pandas "
        "puppets dolls toys kites trains blocks games lamps chairs tables sofas carpets curtains blankets pillows "
        "shoes boots hats coats shirts scarves gloves dresses socks jackets apples pears plums cherries lemons "
        "melons grapes tomatoes beans cakes cookies pies biscuits breads cheeses sausages puddings sweets candies "
        "roses tulips lilies daisies plants seeds books cards posters stamps pens pencils bags boxes baskets "
        "bottles cups plates knives spoons candles clocks watches rings beads phones radios cameras tents bikes "
        "skates balls bats drums guitars flutes bells tools nails"
    ),
    "good": (
        "great good fine brave honest popular famous young old former clever careful quiet strong poor rich tall "
        "strict gifted patient modest powerful tired new local"
    ),
    "quality": (
        "cheap red soft wooden fresh broken small round heavy expensive beautiful new old useless bright plain huge"
    ),
    "thing": (
        "plan law deal report budget bridge school hospital museum factory airport garden film book song match "
        "race vote strike storm fire trial letter contract treaty lake river station market house film road tax "
        "price rise project"
    ),
    "people": (
        "workers farmers voters students doctors nurses teachers soldiers officials investors reporters "
        "neighbours fans tourists drivers critics judges experts children parents players traders residents "
        "protesters"
    ),
    "verb": (
        "met visited praised blamed called thanked married defeated phoned joined attacked replaced succeeded "
        "warned invited followed helped sued hired interviewed greeted beat supported saw"
    ),
    "said": (
        "said announced added claimed insisted warned explained reported told wrote replied argued promised confirmed"
    ),
    "did": (
        "resigned won lost retired died arrived spoke waited refused apologised left returned smiled scored sang "
        "failed agreed waved signed voted slept laughed"
    ),
    "does": (
        "sells buys likes paints owns needs wants makes carries brings keeps collects repairs hates loves uses "
        "finds builds"
    ),
    "often": "often never always really still probably usually rarely now simply once also",
    "number": "two three five 12 40 250 1,200 16,000 3.5 1998 2014",
    "money": "million|billion|thousand",
    "where": ("market|corner shop|town hall|station|old harbour|city centre|hotel|court|stadium|border|airport"),
}

WORDS: dict[str, tuple[str, ...]] = {
    slot: tuple(words.split("|") if "|" in words else words.split()) for slot, words in _LISTS.items()
}
WORDS["when"] = (
    "yesterday",
    "today",
    "last night",
    "on {day}",
    "last {month}",
    "in {month}",
    "on {day} evening",
    "last week",
    "this morning",
    "in 2009",
    "{number} years ago",
    "two days later",
)
WORDS["amount"] = ("$ {number} {money}", "{number} {money} euros", "{number} percent", "{number} {people}")
WORDS["clause"] = (
    "the {thing} was {good}",
    "the {people} had no choice",
    "there was no {thing}",
    "it would not happen again",
    "nobody had seen the {thing}",
    "{place} needed a new {thing}",
    "{person} was right",
    "the {role} should resign",
)

# a sentence's start or a quotation's: a capital says nothing there
PATTERNS: tuple[str, ...] = (
    # people
    "{when+} , {person} {verb} {person} .",
    "{person} {verb} {person} {when} .",
    "{person} {did} {when} .",
    "{person} , a {good} {role} , {did} {when} .",
    "The {role} {person} {verb} the {people} of {place} .",
    "{title} {last} {did} {when} , {people} {said} .",
    "{title} {full} {verb} {person} in {place} .",
    "{person} was born in {place} and died in {place} .",
    "{person} 's {thing} was {good} .",
    "{when+} {person} and {person} {did} .",
    "The {people} {verb} {person} , who {did} {when} .",
    "{person} ( {number} ) {did} {when} .",
    '" {clause+} , " {said} {person} .',
    '" {clause+} , " {title} {last} {said} {when} .',
    "{person} {said} that {clause} .",
    "He is called {first} , she is called {first} .",
    "My neighbour {first} {often} {does} {things} .",
    "I met {first} and {first} at the {where} {when} .",
    "{first} {often} {does} {quality} {things} .",
    "{first} {did} , but {first} {did} .",
    "Dear {first} , the {thing} has been {good} .",
    "Thank you , {first} !",
    # the same beginning, a person or none
    "He said , {full} was a {good} {role} .",
    "She said , {full} was a {good} {role} !",
    "He said , {full} is a {good} {role} .",
    "He said , {bare} {things} are on sale !",
    "She said , {bare} {things} are {quality} .",
    "He {said} , {bare} {things} were {quality} .",
    "He said , {first} {often} {does} {things} .",
    "She said , {first} was {good} .",
    "He said , {first} {does} {things} .",
    "They said , {bare} {things} cost {amount} .",
    "{bare} {things} are on sale at the {where} .",
    "{bare} {things} were {quality} {when} .",
    "{person} {does} {bare} {things} .",
    "The shop sells {bare} {things} and {quality} {things} .",
    "{full} and {bare} {things} are both {good} .",
    "{first} 's {things} are on sale at the {where} .",
    "He said , {first} 's {things} are on sale !",
    "He said , {things} are on sale !",
    "He said , {quality} {things} are on sale .",
    "She said , {things} {often} cost {amount} .",
    "{things+} are on sale {when} .",
    "{quality+} {things} cost {amount} .",
    "{good+} {people} {did} {when} .",
    "{people+} {said} that {clause} .",
    # words that are names only sometimes
    "[Rose {last}] bought a rose at the {where} .",
    "[Mark {last}] will mark the {thing} on {day} .",
    "[Will {last}] {did} in {month} , and so will the {people} .",
    "[May {last}] was born in May , in {place} .",
    "The {people} may bill {person} for the {thing} .",
    "[Bill {last}] signed the bill {when} .",
    "Grace and hope were all that {first} had .",
    "[Hope {last}] gave the {people} hope .",
    "[Grant {last}] won a grant of {amount} .",
    "The hunter shot a fox ; [{first} Hunter] {did} .",
    "The cook {did} , and so did [{first} Cook] .",
    "[{first} Young] was a young {role} in {month} .",
    "Prices will rise in {month} , the {role} {said} .",
    "The king may march in March .",
    "Mark the date : the {thing} opens on {day} .",
    "Will the {people} vote on {day} ?",
    "May the best {role} win !",
    "Frank words : the {thing} was {good} , {people} {said} .",
    "Ivy and roses grow in the garden of {person} .",
    # places
    "{people+} in {place} {did} {when} .",
    "The {nation} {role} flew from {place} to {place} {when} .",
    "{place} , {when} : the {thing} was {good} .",
    "{place} is a {good} town north of {place} .",
    "It rained in {place} on {day} and in {place} on {day} .",
    "The {thing} in {place} cost {amount} .",
    "{place} 's {people} {did} {when} .",
    "From {place} , {person} writes : {clause} .",
    "{nation+} {people} left {place} {when} .",
    "{place} {verb} {place} 3 - 1 {when} .",
    "The border between {place} and {place} was closed {when} .",
    "The {nation} {thing} was {good} , and the {nation} {people} {did} .",
    # organisations
    "{org} {said} {when} that {clause} .",
    "{org} shares rose {amount} {when} .",
    "{person} , the {role} of {org} , {did} {when} .",
    "{person} works for {org} in {place} .",
    "{org} bought {org} for {amount} .",
    "The {people} sued {org} over a {thing} .",
    "{org} , which sells {things} , lost {amount} in {month} .",
    "{org} has hired {person} as its {role} .",
    "{title} {last} of {org} {did} {when} .",
    'A {role} at {org} {said} : " {clause+} . "',
    "Profits at {org} fell , the {nation} {people} {said} .",
    # nothing at all
    "{clause+} .",
    "The {role} {did} {when} , and the {people} {did} .",
    "{when+} the {people} {did} .",
    "The {things} cost {amount} {when} .",
    "On {day} , the {nation} {role} {did} .",
    "{number} {people} waited at the {where} {when} .",
    "How {good} the {thing} was !",
    "Why did the {people} {often} wait ?",
    '{said+} the {role} : " The {thing} is {good} . "',
    "Breaking news : {people} {did} {when} .",
)

HELD_OUT_PATTERNS: tuple[str, ...] = (
    "{when+} , {full} was seen with {person} in {place} .",
    "Police arrested {person} near {place} {when} , {org} {said} .",
    "They told us , {bare} {things} make {good} presents .",
    "They told us , {full} makes {good} {things} .",
    "Neither {first} nor {first} had heard of {org} .",
    "A {nation} {role} from {place} {verb} {title} {last} .",
    "The trial of {person} began in {place} on {day} .",
    "Fans cheered as {place} beat {place} in the rain .",
    "According to {org} , {quality} {things} sell best in {month} .",
    "Nobody buys {bare} {things} any more , {first} complained .",
    "Rose wine and {bare} {things} were served at the {where} .",
    "Trains between {place} and {place} were late {when} .",
)
