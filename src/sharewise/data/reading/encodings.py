"""Bytes to text: the declared character encoding, or the one that the bytes themselves show.

UTF-8 proves itself: text in another encoding is hardly ever valid UTF-8. The East Asian encodings don't;
the same bytes are often valid in two or three of them. What tells them apart is the script that comes out:
Korean is written in Hangul syllables, Japanese shows kana among its kanji, and a wrong reading gives rare
kanji, loose jamo or half-width katakana. The encoding that gives the more plausible script is taken if it
wins clearly; else nothing is guessed and the user is asked.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass

from sharewise.data.reading.records import Request, did_you_mean
from sharewise.errors import UserError

# Longest marks first: UTF-32's little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# cp949 holds all of EUC-KR, cp932 all of Shift JIS as Windows writes it.
_CANDIDATES = ("cp949", "cp932", "euc-jp")
_SUPERSETS = {"euc_kr": "cp949", "shift_jis": "cp932", "gb2312": "gb18030", "ascii": "utf-8"}
_KNOWN = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp949", "euc-kr", "shift_jis", "cp932",
          "euc-jp", "cp1252", "latin-1", "gb18030", "big5")  # fmt: skip

_NOT_ASCII = re.compile(r"[^\x00-\x7f]+")
_SAMPLE = 200_000
_FEWEST = 20
_CLEAR = 0.55
_AHEAD = 0.1


@dataclass(frozen=True)
class Decoded:
    """A file's text.

    Attributes:
        text: without a byte order mark.
        encoding: the name of its encoding.
        notes: a sentence where the encoding was found out to be another than UTF-8.
    """

    text: str
    encoding: str
    notes: tuple[str, ...] = ()


def decode(request: Request, data: bytes) -> Decoded:
    """Decode a file as declared, or as its bytes show.

    Raises:
        UserError: with the line of the first byte that can't be decoded; if the encoding is unknown or can't
            be found out; if the text holds NUL characters.
    """
    mark = next((encoding for bom, encoding in _MARKS if data.startswith(bom)), None)
    if request.encoding is not None:
        decoded = Decoded(_declared(request, data, request.encoding, mark), request.encoding)
    elif mark is not None:
        text = _strict(request, data, mark, f"{mark}, says the file's byte order mark")
        decoded = Decoded(text, mark, () if mark == "utf-8-sig" else (_note(request, mark),))
    else:
        decoded = _found_out(request, data)
    if "\0" in decoded.text:
        line = decoded.text.count("\n", 0, decoded.text.index("\0")) + 1
        raise UserError(
            f"{request.name}, line {line}: a NUL character",
            expected="text",
            action="if the file is UTF-16 without a byte order mark, declare `encoding: utf-16-le`; "
            "else write it again without the character",
        )
    return decoded


def _declared(request: Request, data: bytes, declared: str, mark: str | None) -> str:
    try:
        codec = codecs.lookup(declared)
        b"x".decode(
            declared, errors="ignore"
        )  # refuses codecs that are no character encodings, such as base64
    except (LookupError, ValueError):  # a name with a NUL is a ValueError
        raise UserError(
            f"{_key(request)}: there is no encoding {declared!r}{did_you_mean(declared, _KNOWN)}",
            expected=f"the name of a character encoding: {', '.join(_KNOWN)} or another that Python knows",
        ) from None
    if mark is None:
        return _strict(request, data, declared, f"declared as {declared}")
    if codec.name.split("-")[:2] != mark.split("-")[:2]:
        raise UserError(
            f"{request.name}: the file begins with the byte order mark of {mark}, but {declared} is declared",
            action=f"correct `{_key(request)}`, or leave it out",
        )
    return _strict(request, data, mark, f"declared as {declared}")


def _strict(request: Request, data: bytes, encoding: str, why: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise _undecodable(request, error, why) from None


def _undecodable(request: Request, error: UnicodeDecodeError, why: str) -> UserError:
    line = error.object[: error.start].decode(error.encoding, errors="replace").count("\n") + 1
    wider = _SUPERSETS.get(error.encoding)
    advice = f"declare the right one as `{_key(request)}`, or save the file as UTF-8"
    return UserError(
        f"{request.name}, line {line}: the byte 0x{error.object[error.start]:02x} can't be decoded ({why})",
        expected="one character encoding for the whole file",
        action=advice + (f"; {wider} holds more characters than {error.encoding}" if wider else ""),
    )


def _found_out(request: Request, data: bytes) -> Decoded:
    readings = []
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError as error:
        failures = [error]
    for encoding in _CANDIDATES:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            failures.append(error)
        else:
            readings.append((_plausibility(text), encoding, text))
    if not readings:
        best = max(failures, key=lambda error: error.start)
        if _plausibility(best.object[: best.start].decode(best.encoding)) < _CLEAR:
            best = failures[0]
        raise _undecodable(request, best, f"all before it is valid {best.encoding}")
    readings.sort(reverse=True)
    score, encoding, text = readings[0]
    second = readings[1][0] if len(readings) > 1 else 0.0
    if score >= _CLEAR and score - second >= _AHEAD:
        return Decoded(text, encoding, (_note(request, encoding),))
    names = " or ".join(name for _, name, _ in readings)
    raise _undecodable(request, failures[0], f"not UTF-8; as {names} it isn't clearly Korean or Japanese")


def _note(request: Request, encoding: str) -> str:
    return f"{request.name}: read as {encoding}, which was found out from its bytes"


def _key(request: Request) -> str:
    """Path of the key that declares the encoding: a sibling of the key that names the file."""
    return ".".join([*request.key.split(".")[:-1], "encoding"])


def _plausibility(text: str) -> float:
    """How much the characters beyond ASCII look like Korean or Japanese, 0 to 1; 0 where they are few."""
    sample, size = [], 0
    for run in _NOT_ASCII.finditer(text):
        sample.append(run.group())
        size += len(run.group())
        if size >= _SAMPLE:
            break
    if size < _FEWEST:
        return 0.0
    return sum(_weight(character) * count for character, count in Counter("".join(sample)).items()) / size


def _weight(character: str) -> float:
    """How surely a character shows that the reading is right: 1 surely, 0.3 maybe, 0 not at all."""
    if "\uac00" <= character <= "\ud7a3":
        return 1.0 if _in_everyday_use(character) else 0.3
    if "\u3041" <= character <= "\u30ff" or character in "、。" or "\uff01" <= character <= "\uff5e":
        return 1.0
    jamo = "\u3131" <= character <= "\u318e"  # as in ㅋㅋ
    kanji = "\u4e00" <= character <= "\u9fff"
    punctuation = "\u3000" <= character <= "\u303f" or "\u2010" <= character <= "\u203b"
    return 0.3 if jamo or kanji or punctuation else 0.0


def _in_everyday_use(syllable: str) -> bool:
    """Whether a Hangul syllable is among the 2,350 of KS X 1001; cp949 adds 8,822 that texts hardly use."""
    try:
        return len(syllable.encode("euc-kr")) == 2
    except UnicodeEncodeError:
        return False
