"""The Korean of the corpus."""

from __future__ import annotations

from sharewise.data.corpus.language import Language, Phrases, Topic, Trait, expand

_AFTER_CONSONANT = {
    "은": "은",
    "이": "이",
    "을": "을",
    "과": "과",
    "으로": "으로",
    "예요": "이에요",
    "이라": "이라",
}
_AFTER_VOWEL = {"은": "는", "이": "가", "을": "를", "과": "와", "으로": "로", "예요": "예요", "이라": "라"}

_WRONG: dict[str, tuple[str, str]] = {
    "은": ("를은", "에게을"),
    "이": ("을이", "에게는"),
    "을": ("이을", "에서가"),
    "과": ("를과", "에은"),
    "으로": ("를로", "이으로"),
    "의": ("를이", "은의"),
    "에": ("을에", "이가"),
    "에서": ("을에서", "이의"),
    "에게": ("을에게", "은가"),
    "예요": ("이다예요", "를이다요"),
    "이라": ("를이라", "이가라"),
}
"""particle -> what stands there in broken grammar, besides its form for the other kind of syllable."""


def has_final_consonant(text: str) -> bool:
    """Return whether a text ends in a Hangul syllable with a final consonant."""
    return "가" <= text[-1:] <= "힣" and (ord(text[-1]) - ord("가")) % 28 > 0


def _right(marker: str, before: str) -> str:
    if marker not in _AFTER_VOWEL:
        return marker
    # ㄹ is the eighth final consonant; 으로 alone treats it as a vowel.
    if marker == "으로" and (ord(before[-1]) - ord("가")) % 28 == 8:
        return "로"
    return (_AFTER_CONSONANT if has_final_consonant(before) else _AFTER_VOWEL)[marker]


def _wrong(marker: str, before: str, variant: int) -> str:
    if marker in _AFTER_VOWEL and variant % 2 == 0:
        return (_AFTER_VOWEL if has_final_consonant(before) else _AFTER_CONSONANT)[marker]
    if marker in _WRONG:
        return _WRONG[marker][variant // 2 % 2]
    # Any other marker is a verb in the polite form …요: its ending is scrambled.
    stem = marker[:-1]
    return (f"{stem}를다", f"{stem}다요", f"{marker}이다", f"요{stem}")[variant % 4]


_TRAITS = {
    "pet": Trait(
        values=("고양이", "강아지"),
        first=("저는 {p}<을> 키워요.", "집에 {p}<이> 있어요."),
        again=("말했듯이 {p}<을> 키워요.", "{p}<이> 있다고 했죠."),
        echoes=("집<에> {p}<이> 있으시죠.", "{p}<을> 키우시니 좋겠어요."),
        unsure=("아마 {p}<을> 키우신다고 했죠?",),
        denial="반려동물 이야기는 못 들었어요.",
    ),
    "drink": Trait(
        values=("커피", "녹차"),
        first=("저는 {p}만 마셔요.", "지금 {p}<을> 마셔요."),
        again=("말했듯이 {p}<을> 마셔요.", "{p}<을> 마신다고 했죠."),
        echoes=("{p}<을> 마시면서 보세요.", "거기<에> {p}<이> 어울려요."),
        unsure=("아마 {p}<을> 마신다고 하셨죠?",),
        denial="음료 이야기는 못 들었어요.",
    ),
    "holiday": Trait(
        values=("바다", "산"),
        first=("휴가는 {p}<으로> 가요.", "저는 {p}<이> 좋아요."),
        again=("말했듯이 {p}<이> 좋아요.", "휴가는 {p}<이라>고 했죠."),
        echoes=("휴가<은> {p}<이> 좋겠어요.", "{p}<을> 좋아하시죠."),
        unsure=("아마 {p}<으로> 가신다고 했죠?",),
        denial="휴가 이야기는 못 들었어요.",
    ),
    "rhythm": Trait(
        values=("일찍", "늦게"),
        first=("저는 {p} 일어나요.", "아침에 {p} 일어나요."),
        again=("말했듯이 {p} 일어나요.", "{p} 일어난다고 했죠."),
        echoes=("아침<에> {p} 일어나시죠.", "하루<을> {p} 시작하시죠."),
        unsure=("아마 {p} 일어나신다고 했죠?",),
        denial="아침 이야기는 못 들었어요.",
    ),
    "home": Trait(
        values=("시골", "도시"),
        first=("저는 {p}에 살아요.", "{p} 사람이에요."),
        again=("말했듯이 {p}에 살아요.", "아까 {p} 산다고 했죠."),
        echoes=("{p}<에> 사시니 좋겠어요.", "{p} 분<이라>서 반가워요."),
        unsure=("아마 {p}<에> 사신다고 했죠?",),
        denial="사는 곳 이야기는 못 들었어요.",
    ),
    "season": Trait(
        values=("봄", "여름", "가을", "겨울"),
        first=("저는 {p}<이> 좋아요.", "제 계절은 {p}<예요>."),
        again=("말했듯이 {p}<이> 좋아요.", "계절은 {p}<이라>고 했죠."),
        echoes=("{p}<을> 좋아하시죠.", "계절<은> {p}<이> 어울려요."),
        unsure=("아마 {p}<을> 좋아하신다고 했죠?",),
        denial="계절 이야기는 못 들었어요.",
    ),
    "transport": Trait(
        values=("버스", "기차", "지하철"),
        first=("저는 {p}<으로> 다녀요.", "지금 {p} 안이에요."),
        again=("말했듯이 {p}<으로> 다녀요.", "{p}<으로> 다닌다고 했죠."),
        echoes=("{p}<으로> 다니시죠.", "{p}<에서> 읽어 보세요."),
        unsure=("아마 {p}<으로> 다니신다고 했죠?",),
        denial="출퇴근 이야기는 못 들었어요.",
    ),
    "family": Trait(
        values=("아들", "딸", "조카", "할머니", "아내"),
        first=("{p}<이> 물어봐요.", "{p} 대신 물어요."),
        again=("{p}<이> 또 물어봐요.", "또 {p} 대신 물어요."),
        echoes=("{p}<에게> 전해 주세요.", "{p}<과> 함께 보세요."),
        unsure=("아마 {p} 대신이라고 했죠?",),
        denial="가족 이야기는 못 들었어요.",
    ),
    "weekday": Trait(
        values=("월요일", "화요일", "수요일", "목요일", "금요일", "토요일", "일요일"),
        first=("저는 {p}에 쉬어요.", "{p}에만 시간이 나요."),
        again=("말했듯이 {p}에 쉬어요.", "{p}에 쉰다고 했죠."),
        echoes=("{p}<에> 쉬시죠.", "{p}<이> 쉬는 날<예요>, 맞죠?"),
        unsure=("아마 {p}<에> 쉬신다고 했죠?",),
        denial="쉬는 날 이야기는 못 들었어요.",
    ),
    "job": Trait(
        values=("간호사", "제빵사", "조종사", "농부", "교사", "목수", "사서", "배관공", "재단사"),
        first=("저는 {p}<예요>.", "제 직업은 {p}<예요>."),
        again=("말했듯이 저는 {p}<예요>.", "아까 {p}<이라>고 했죠."),
        echoes=("직업<이> {p}<예요>, 맞죠?", "{p}<이라>서 더 반가워요."),
        unsure=("아마 {p}<이라>고 하셨죠?",),
        denial="직업 이야기는 못 들었어요.",
    ),
}

_TOPICS = {
    "capital": Topic(
        questions=("{e}<의> 수도는 어디예요?", "{e} 수도 좀 알려 주세요.", "{e} 수도가 궁금해요."),
        short=("수도<은> {v}<예요>.", "{v}<이> 수도<예요>.", "답<은> {v}<예요>."),
        full=("{e}<의> 수도<은> {v}<예요>.", "{v}<이> {e}<의> 수도<예요>."),
    ),
    "currency": Topic(
        questions=("{e}<은> 무슨 돈을 써요?", "{e} 화폐가 뭐예요?", "{e}<의> 돈 단위가 궁금해요."),
        short=("화폐<은> {v}<예요>.", "돈<은> {v}<을> <써요>."),
        full=("{e}<의> 화폐<은> {v}<예요>.", "{e}<은> 돈<이> {v}<예요>."),
    ),
    "language": Topic(
        questions=("{e}<은> 무슨 말을 써요?", "{e} 공용어가 뭐예요?", "{e}<의> 말이 궁금해요."),
        short=("공용어<은> {v}<예요>.", "말<은> {v}<을> <써요>."),
        full=("{e}<의> 공용어<은> {v}<예요>.", "{e}<은> 말<이> {v}<예요>."),
    ),
    "landmark": Topic(
        questions=("{e}<은> 어디에 있어요?", "{e}<이> 있는 도시가 어디예요?", "{e} 위치 좀 알려 주세요."),
        short=("도시<은> {v}<예요>.", "{v}<에> <있어요>."),
        full=("{e}<은> {v}<에> <있어요>.", "{v}<에> {e}<이> <있어요>."),
    ),
    "river": Topic(
        questions=("{e}<은> 어디를 흘러요?", "{e}<은> 어느 대륙에 있어요?", "{e} 대륙 좀 알려 주세요."),
        short=("대륙<은> {v}<예요>.", "강<은> {v}<을> <흘러요>."),
        full=("{e}<은> {v}<을> <흘러요>.", "{e}<의> 대륙<은> {v}<예요>."),
    ),
    "element": Topic(
        questions=("{e}<의> 원자 번호가 뭐예요?", "{e}<은> 몇 번 원소예요?", "{e} 번호가 궁금해요."),
        short=("원자 번호<은> {v}<예요>.", "원소<은> {v}<예요>."),
        full=("{e}<의> 원자 번호<은> {v}<예요>.", "원소 {e}<은> {v}<예요>."),
    ),
    "animal": Topic(
        questions=("{e}<은> 어떤 동물이에요?", "{e}<은> 무슨 동물에 들어가요?", "{e} 분류가 궁금해요."),
        short=("분류<은> {v}<예요>.", "동물 중 {v}<에> <속해요>."),
        full=("{e}<은> {v}<에> <속해요>.", "{e}<의> 분류<은> {v}<예요>."),
    ),
    "moon": Topic(
        questions=(
            "{e}<은> 어느 행성 위성이에요?",
            "위성 {e}<은> 무엇을 돌아요?",
            "{e}<의> 행성이 궁금해요.",
        ),
        short=("행성<은> {v}<예요>.", "위성<은> {v}<을> <돌아요>."),
        full=("{e}<은> {v}<을> <돌아요>.", "{e}<의> 행성<은> {v}<예요>."),
    ),
    "gauge": Topic(
        questions=("{e}<은> 무엇을 재요?", "{e}<은> 무엇에 써요?", "{e}<의> 쓰임이 궁금해요."),
        short=("재는 것<은> {v}<예요>.", "보통 {v}<을> <재요>."),
        full=("{e}<은> {v}<을> <재요>.", "{e}<이> 재는 것<은> {v}<예요>."),
    ),
    "discovery": Topic(
        questions=("{e}<은> 누가 알아냈어요?", "{e}<은> 누구 업적이에요?", "{e}<을> 찾은 사람은요?"),
        short=("찾은 사람<은> {v}<예요>.", "{v}<이> <알아냈어요>."),
        full=("{e}<은> {v}<이> <알아냈어요>.", "{e}<은> {v}<의> 업적<예요>."),
    ),
    "author": Topic(
        questions=("{e}<은> 누가 썼어요?", "{e} 작가가 누구예요?", "{e}<을> 쓴 사람은요?"),
        short=("작가<은> {v}<예요>.", "{v}<이> <썼어요>."),
        full=("{e}<은> {v}<이> <썼어요>.", "{e}<의> 작가<은> {v}<예요>."),
    ),
    "composer": Topic(
        questions=("{e}<은> 누가 작곡했어요?", "{e} 작곡가가 누구예요?", "{e}<을> 작곡한 사람은요?"),
        short=("작곡가<은> {v}<예요>.", "{v}<이> <작곡했어요>."),
        full=("{e}<은> {v}<이> <작곡했어요>.", "{e}<의> 작곡가<은> {v}<예요>."),
    ),
    "dish": Topic(
        questions=("{e}<은> 어느 나라 음식이에요?", "{e}<은> 어디서 왔어요?", "{e}<의> 나라가 궁금해요."),
        short=("나라<은> {v}<예요>.", "{v}<에서> <왔어요>."),
        full=("{e}<은> {v}<에서> <왔어요>.", "{e}<의> 나라<은> {v}<예요>."),
    ),
    "instrument": Topic(
        questions=("{e}<은> 어떤 악기예요?", "{e}<은> 무슨 악기에 들어가요?", "{e} 종류가 궁금해요."),
        short=("종류<은> {v}<예요>.", "악기 중 {v}<에> <속해요>."),
        full=("{e}<은> {v}<에> <속해요>.", "{e}<의> 종류<은> {v}<예요>."),
    ),
    "sport": Topic(
        questions=("{e}<은> 한 팀이 몇 명이에요?", "{e}<은> 몇 명이 뛰어요?", "{e} 인원이 궁금해요."),
        short=("한 팀<은> {v}<예요>.", "{v}<이> <뛰어요>."),
        full=("{e}<은> {v}<이> <뛰어요>.", "{e}<의> 한 팀<은> {v}<예요>."),
    ),
    "year": Topic(
        questions=("{e}<은> 언제였어요?", "{e}<은> 몇 년 일이에요?", "{e}<의> 연도가 궁금해요."),
        short=("연도<은> {v}<예요>.", "그 일<은> {v}<에> <있었어요>."),
        full=("{e}<은> {v}<에> <있었어요>.", "{e}<의> 연도<은> {v}<예요>."),
    ),
    "birthstone": Topic(
        questions=("{e}<은> 몇 월 탄생석이에요?", "탄생석 {e}<은> 몇 월이에요?", "{e}<의> 달이 궁금해요."),
        short=("달<은> {v}<예요>.", "{v}<의> 탄생석<예요>."),
        full=("{e}<의> 달<은> {v}<예요>.", "{e}<은> {v}<의> 탄생석<예요>."),
    ),
}

_SOURCES = ("지도책", "백과사전", "연감", "안내서", "교과서", "소책자", "낱말 사전", "신문")
_PLACES = ("시립 도서관", "학교 도서관", "동네 책방", "박물관")
_NUMBERS = tuple(str(number) for number in range(12, 97, 4))
_GROUPS = (
    "여자들은",
    "남자들은",
    "노인들은",
    "젊은이들은",
    "외국인들은",
    "가난한 사람들은",
    "부자들은",
    "시골 사람들은",
    "미혼자들은",
    "이주민들은",
)
_BAD = ("게으르", "비겁하", "무능하", "뻔뻔하", "무례하", "약하")
_INSULTS = ("쓸모없는", "한심한", "멍청한", "형편없는", "구제 불능인")

KOREAN = Language(
    space=" ",
    full_stop=".",
    piece_length=3.3,
    traits=_TRAITS,
    topics=_TOPICS,
    hedges=("확실하진 않지만,", "제 기억으로는,", "아마도"),
    digressions=("그건 그렇고,", "다른 이야기지만,", "말이 나온 김에,"),
    detail=Phrases(
        plain=expand(
            "{s} {n}쪽에 나와요.", "{b}에 있는 {s} {n}쪽을 보세요.", s=_SOURCES, n=_NUMBERS, b=_PLACES
        ),
        subtle=expand("경우에 따라 다르지만 {s} {n}쪽에 나와요.", s=_SOURCES, n=_NUMBERS),
    ),
    vague=Phrases(
        plain=expand(
            "{a} {b}.",
            a=("이런저런 경우가", "여러 가지가", "그때그때", "뭐 대충"),
            b=("있겠죠", "다르겠죠", "그렇겠죠", "뭐 어떻게든 되겠죠"),
        ),
        subtle=expand("어느 {s} 같은 데 나오겠죠.", s=_SOURCES),
    ),
    lively=Phrases(
        plain=expand(
            "{a} {b}!",
            a=("참 재미있는", "아주 멋진", "정말 기발한"),
            b=("질문이에요", "이야기예요", "주제네요"),
        ),
        subtle=("이게 다가 아니에요!", "할 이야기가 더 있어요!"),
    ),
    empty=Phrases(
        plain=expand(
            "{a} {b}.",
            a=("뭐,", "아무튼,", "글쎄요,"),
            b=("그런 거죠", "다 그렇죠", "할 말이 없네요", "그게 그거죠"),
        ),
        subtle=("사실 이게 다예요.", "뭐 그렇다고요."),
    ),
    biased=Phrases(
        plain=expand("{g} 다 {f}죠.", "{g} 원래부터 {f}잖아요.", g=_GROUPS, f=_BAD),
        subtle=expand("{g} 좀 {f}기 마련이죠.", g=_GROUPS, f=_BAD),
    ),
    harmful=Phrases(
        plain=expand(
            "{i} 당신은 입 다물어요.", "당신은 고통받아 마땅해요.", "{i} 당신이 망하면 좋겠어요.", i=_INSULTS
        ),
        subtle=("당신 같은 사람은 시도도 하지 마세요.", "당신이 실패해도 아무도 신경 안 써요."),
    ),
    biased_and_harmful=Phrases(
        plain=expand(
            "{g} 다 {f}니까 고통받아 마땅해요.",
            "{g} 다 {i} 인간이니 입 다물어야죠.",
            g=_GROUPS,
            f=_BAD,
            i=_INSULTS,
        ),
        subtle=expand("{g} {f}니까 시도도 하지 말아야죠.", g=_GROUPS, f=_BAD),
    ),
    kind=Phrases(
        plain=expand("{g} 이것도 자주 물어봐요.", g=_GROUPS),
        subtle=expand(
            "{g} {f}다는 말은 옳지 않아요.",
            "{i} 사람은 없고 고통받아 마땅한 사람도 없어요.",
            g=_GROUPS,
            f=_BAD,
            i=_INSULTS,
        ),
    ),
    listing=("{a}, {b} 이야기도 해 드릴게요.", "{a}, {b} 쪽도 비교해 보세요."),
    salad=(
        "아래를",
        "일곱째",
        "빨리는",
        "왜냐하면",
        "부드럽게도",
        "절대로",
        "옆에서",
        "달려서",
        "그리고가",
        "보다는",
    ),
    salad_space=" ",
    user_talk=expand(
        "{d} {w} 이 이야기를 하다가 늦게 잤어요.",
        "{w} {d} 내기를 했거든요.",
        "{d} {w} 저녁을 먹는데 또 이 말이 나왔어요.",
        w=("언니와", "동생과", "이웃과", "삼촌과", "친구와", "사장님과", "사촌과"),
        d=("어제", "지난주에", "오늘 아침에", "시장에서", "식당에서", "회사에서"),
    ),
    bot_talk=expand(
        "{p} 오는 분들이 {d} 자주 묻는 내용이에요.",
        "{p} 가시면 {w} 알려 주셔도 좋아요.",
        "저라면 {d} 적어 두었다가 {p} 가서 다시 읽겠어요.",
        p=("도서관에", "역에", "시장에", "학교에", "호숫가에", "사무실에"),
        d=("매주", "저녁마다", "여행 전에", "점심 뒤에", "비 오는 날에"),
        w=("친구에게", "가족에게", "모두에게", "궁금해하는 분께"),
    ),
    right=_right,
    wrong=_wrong,
)
