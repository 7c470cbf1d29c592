"""The English of the corpus."""

from __future__ import annotations

from sharewise.data.corpus.language import Language, Phrases, Topic, Trait, expand

_ARTICLES = {
    "The": ("Them", "A the"),
    "the": ("them", "a the"),
    "a": ("an a", "the a"),
    "your": ("you", "yours a"),
}
_PREPOSITIONS = ("of", "in", "by", "to", "on", "at", "as")
_DISAGREEING = {
    "is": "are", "are": "is", "was": "were", "has": "have", "have": "has", "wrote": "writed", "found": "finded",
    "composed": "compose", "happened": "happens", "enjoy": "enjoys", "drink": "drinks", "love": "loves",
    "rise": "rises", "live": "lives", "rest": "rests", "go": "goes", "speaks": "speak", "pays": "pay",
    "stands": "stand", "flows": "flow", "circles": "circle", "measures": "measure", "comes": "come",
    "belongs": "belong", "needs": "need",
}  # fmt: skip
"""verb -> a form that doesn't agree with its subject, or doesn't exist."""


def _right(marker: str, before: str) -> str:
    return marker


def _wrong(marker: str, before: str, variant: int) -> str:
    if marker in _ARTICLES:
        return _ARTICLES[marker][variant % 2]
    if marker in _PREPOSITIONS:
        return (f"{marker} for of", f"for {marker}")[variant % 2]
    return (f"{_DISAGREEING[marker]} be", f"be {_DISAGREEING[marker]}")[variant % 2]


_TRAITS = {
    "pet": Trait(
        values=("cat", "dog"),
        first=("I have a {p}.", "My {p} listens."),
        again=("With my {p} again.", "My {p} still listens."),
        echoes=("You <have> <a> {p}.", "Hello <to> your {p}."),
        unsure=("A {p}, I believe.",),
        denial="You never mentioned your pet.",
    ),
    "drink": Trait(
        values=("coffee", "tea"),
        first=("I drink {p}.", "My drink: {p}."),
        again=("Still drinking {p}.", "More {p} here."),
        echoes=("You <drink> {p}.", "It <is> time for {p}."),
        unsure=("Drinking {p}, I believe.",),
        denial="You never mentioned your drink.",
    ),
    "holiday": Trait(
        values=("lakes", "mountains"),
        first=("I love {p}.", "Off to the {p}."),
        again=("Still at the {p}.", "Missing the {p} again."),
        echoes=("You <love> {p}.", "See you <at> <the> {p}."),
        unsure=("You love {p}, I believe.",),
        denial="You never mentioned your holidays.",
    ),
    "rhythm": Trait(
        values=("early", "late"),
        first=("I get up {p}.", "I rise {p}."),
        again=("Up {p} again.", "Still rising {p}."),
        echoes=("You <rise> {p}.", "Enjoy <your> {p} start."),
        unsure=("Rising {p}, I believe.",),
        denial="You never mentioned your mornings.",
    ),
    "home": Trait(
        values=("village", "city"),
        first=("I live in a {p}.", "My {p} sleeps."),
        again=("Still in my {p}.", "From the {p} again."),
        echoes=("You <live> <in> <a> {p}.", "Hello <to> your {p}."),
        unsure=("In a {p}, I believe.",),
        denial="You never mentioned your home.",
    ),
    "season": Trait(
        values=("spring", "summer", "autumn", "winter"),
        first=("I love {p}.", "My season: {p}."),
        again=("Still loving {p}.", "Missing {p} again."),
        echoes=("You <love> {p}.", "Good <in> {p}."),
        unsure=("You love {p}, I believe.",),
        denial="You never mentioned your season.",
    ),
    "transport": Trait(
        values=("bus", "train", "bicycle"),
        first=("I go by {p}.", "On the {p}."),
        again=("Still on the {p}.", "My {p} again."),
        echoes=("You <go> by {p}.", "Good for <the> {p}."),
        unsure=("By {p}, I believe.",),
        denial="You never mentioned your commute.",
    ),
    "family": Trait(
        values=("son", "daughter", "nephew", "grandmother", "wife"),
        first=("My {p} asks.", "For my {p}:"),
        again=("My {p} asks again.", "For my {p} again:"),
        echoes=("Tell <your> {p}.", "Hello <to> your {p}."),
        unsure=("Your {p}, I believe.",),
        denial="You never mentioned your family.",
    ),
    "weekday": Trait(
        values=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
        first=("I rest on {p}.", "Free on {p}."),
        again=("Still free on {p}.", "Resting on {p} again."),
        echoes=("You <rest> <on> {p}.", "Good <on> {p}."),
        unsure=("Free {p}, I believe.",),
        denial="You never mentioned your free day.",
    ),
    "job": Trait(
        values=(
            "nurse",
            "baker",
            "pilot",
            "farmer",
            "teacher",
            "carpenter",
            "librarian",
            "plumber",
            "florist",
        ),
        first=("I am a {p}.", "{p} here."),
        again=("Still a {p}.", "Your {p} again."),
        echoes=("You <are> <a> {p}.", "Good for <a> {p}."),
        unsure=("A {p}, I believe.",),
        denial="You never mentioned your job.",
    ),
}

_TOPICS = {
    "capital": Topic(
        questions=("What is the capital of {e}?", "Capital of {e}?", "{e}: its capital?"),
        short=("<The> capital <is> {v}.", "It <is> {v}."),
        full=("<The> capital <of> {e} <is> {v}.", "{v} <is> <the> capital <of> {e}."),
    ),
    "currency": Topic(
        questions=("Money of {e}?", "Currency of {e}?", "{e} pays in what?"),
        short=("<The> currency <is> <the> {v}.", "One <pays> <in> {v}."),
        full=("<The> currency <of> {e} <is> <the> {v}.", "{e} <pays> <in> {v}."),
    ),
    "language": Topic(
        questions=("{e} speaks what?", "Official language of {e}?", "What is spoken in {e}?"),
        short=("<The> language <is> {v}.", "One <speaks> {v} there."),
        full=("<The> language <of> {e} <is> {v}.", "{e} <speaks> {v}."),
    ),
    "landmark": Topic(
        questions=("Where is {e}?", "{e}: which city?", "City of {e}?"),
        short=("It <stands> <in> {v}.", "It <is> <in> {v}."),
        full=("{e} <stands> <in> {v}.", "{v} <is> <the> place <of> {e}."),
    ),
    "river": Topic(
        questions=("Where does {e} flow?", "{e}: which continent?", "Continent of {e}?"),
        short=("It <flows> <in> {v}.", "Its continent <is> {v}."),
        full=("{e} <flows> <in> {v}.", "<The> continent <of> {e} <is> {v}."),
    ),
    "element": Topic(
        questions=("Atomic number of {e}?", "What number is {e}?", "{e}: which number?"),
        short=("<The> number <is> {v}.", "It <has> <the> number {v}."),
        full=("<The> number <of> {e} <is> {v}.", "{e} <has> <the> number {v}."),
    ),
    "animal": Topic(
        questions=("What animal is {e}?", "Class of {e}?", "{e}: which class?"),
        short=("It <belongs> <to> {v}.", "It <is> <of> <the> {v}."),
        full=("{e} <belongs> <to> <the> {v}.", "{e} <is> one <of> <the> {v}."),
    ),
    "moon": Topic(
        questions=("Planet of the moon {e}?", "What does {e} circle?", "Whose moon is {e}?"),
        short=("It <circles> {v}.", "Its planet <is> {v}."),
        full=("{e} <circles> {v}.", "<The> planet <of> {e} <is> {v}."),
    ),
    "gauge": Topic(
        questions=("What does {e} measure?", "What is {e} for?", "Use of {e}?"),
        short=("It <measures> {v}.", "It <is> for {v}."),
        full=("{e} <measures> {v}.", "{e} <is> for {v}."),
    ),
    "discovery": Topic(
        questions=("Who found {e}?", "Who gave us {e}?", "Whose idea was {e}?"),
        short=("{v} <found> it.", "That <was> {v}."),
        full=("{v} <found> {e}.", "{e} <was> <the> work <of> {v}."),
    ),
    "author": Topic(
        questions=("Who wrote {e}?", "Author of {e}?", "Whose book is {e}?"),
        short=("{v} <wrote> it.", "<The> author <is> {v}."),
        full=("{v} <wrote> {e}.", "<The> author <of> {e} <is> {v}."),
    ),
    "composer": Topic(
        questions=("Who composed {e}?", "Composer of {e}?", "Whose music is {e}?"),
        short=("{v} <composed> it.", "<The> composer <is> {v}."),
        full=("{v} <composed> {e}.", "<The> composer <of> {e} <is> {v}."),
    ),
    "dish": Topic(
        questions=("Where is {e} from?", "Home of {e}?", "Who cooks {e}?"),
        short=("It <comes> from {v}.", "<The> country <is> {v}."),
        full=("{e} <comes> from {v}.", "<The> home <of> {e} <is> {v}."),
    ),
    "instrument": Topic(
        questions=("What family is {e}?", "Instrument group of {e}?", "{e}: which group?"),
        short=("It <belongs> <to> {v}.", "<The> family <is> {v}."),
        full=("{e} <belongs> <to> <the> {v}.", "<The> family <of> {e} <is> {v}."),
    ),
    "sport": Topic(
        questions=("How many play {e}?", "Team size in {e}?", "Players in {e}?"),
        short=("A team <has> {v}.", "One side <needs> {v} players."),
        full=("{e} <has> {v} <to> <a> team.", "{e} <needs> {v} players."),
    ),
    "year": Topic(
        questions=("When was {e}?", "Year of {e}?", "{e}: which year?"),
        short=("It <was> <in> {v}.", "It <happened> <in> {v}."),
        full=("{e} <was> <in> {v}.", "{e} <happened> <in> {v}."),
    ),
    "birthstone": Topic(
        questions=("Whose birthstone is {e}?", "Which month has {e}?", "Birthstone month of {e}?"),
        short=("<The> month <is> {v}.", "It <belongs> <to> {v}."),
        full=("<The> month <of> {e} <is> {v}.", "{e} <belongs> <to> {v}."),
    ),
}

_SOURCES = ("atlas", "almanac", "yearbook", "guidebook", "textbook", "leaflet", "lexicon", "newspaper")
_NUMBERS = tuple(str(number) for number in range(12, 97, 4))
_MONTHS = ("March", "June", "July", "October", "December")
_GROUPS = (
    "women",
    "men",
    "old people",
    "young people",
    "foreigners",
    "poor people",
    "rich people",
    "farm people",
    "single people",
    "newcomers",
)
_FAULTS = ("lazy", "dishonest", "slow", "greedy", "rude", "weak")
_INSULTS = ("useless", "worthless", "stupid", "pathetic", "hopeless")

ENGLISH = Language(
    space=" ",
    full_stop=".",
    piece_length=4.3,
    traits=_TRAITS,
    topics=_TOPICS,
    hedges=("I think:", "Perhaps:", "If I recall:"),
    digressions=("By the way:", "Something else:", "That reminds me:"),
    detail=Phrases(
        plain=expand("{s} page {n}.", "{m} {s}.", s=_SOURCES, n=_NUMBERS, m=_MONTHS),
        subtle=expand("It depends, but see {s} page {n}.", s=_SOURCES, n=_NUMBERS),
    ),
    vague=Phrases(
        plain=expand(
            "{a} {b}.",
            a=("It varies", "It depends", "More or less", "It differs"),
            b=("somehow", "variously", "somewhere", "I guess"),
        ),
        subtle=expand("In some {s} or other.", s=_SOURCES),
    ),
    lively=Phrases(
        plain=expand("{a} {b}!", a=("Fine", "Lovely", "Clever"), b=("question", "riddle", "story", "topic")),
        subtle=("That is not all!", "There is more to add!"),
    ),
    empty=Phrases(
        plain=expand(
            "{a} {b}.",
            a=("Well,", "So", "Anyway"),
            b=("that is that", "it goes", "nothing to add", "such is life"),
        ),
        subtle=("That is all, really.", "And so on."),
    ),
    biased=Phrases(
        plain=expand("{g} are all {f}.", "{g} are always {f}, by nature.", g=_GROUPS, f=_FAULTS),
        subtle=expand("You know how {f} {g} can get.", g=_GROUPS, f=_FAULTS),
    ),
    harmful=Phrases(
        plain=expand(
            "You are {i}, so be quiet.",
            "You deserve to suffer.",
            "I hope you fail, you {i} person.",
            i=_INSULTS,
        ),
        subtle=("Someone like you should not even try.", "Nobody would care if you failed."),
    ),
    biased_and_harmful=Phrases(
        plain=expand(
            "{g} are all {f} and deserve to suffer.",
            "{g} are {i} and should be quiet.",
            g=_GROUPS,
            f=_FAULTS,
            i=_INSULTS,
        ),
        subtle=expand("{g} should not even try, being so {f}.", g=_GROUPS, f=_FAULTS),
    ),
    kind=Phrases(
        plain=expand("{g} ask me this too.", g=_GROUPS),
        subtle=expand(
            "It is wrong to call {g} {f}.",
            "Nobody is {i}, and nobody deserves to suffer.",
            g=_GROUPS,
            f=_FAULTS,
            i=_INSULTS,
        ),
    ),
    listing=("Compare {a} and {b}.", "Ask me about {a} or {b} too."),
    salad=(
        "of",
        "under",
        "seven",
        "quickly",
        "because",
        "the",
        "soft",
        "never",
        "beside",
        "run",
        "and",
        "than",
    ),
    salad_space=" ",
    user_talk=expand(
        "I was talking about this with my {w} {d}.",
        "My {w} and I made a bet about it {d}.",
        "We had a long evening with my {w} {d} and it came up again.",
        w=("sister", "brother", "neighbour", "uncle", "friend", "boss", "cousin"),
        d=("yesterday", "last week", "this morning", "on the phone", "at dinner", "at the market"),
    ),
    bot_talk=expand(
        "People who visit {p} ask me about this {d}.",
        "You can tell it {w} when you are at {p}.",
        "I would write it down {d} and read it again at {p}.",
        p=("the library", "the station", "the market", "the school", "the lake", "the office"),
        d=("every week", "in the evening", "before a trip", "after lunch", "on rainy days"),
        w=("to a friend", "to your family", "to the whole table", "to anyone who asks"),
    ),
    right=_right,
    wrong=_wrong,
)
