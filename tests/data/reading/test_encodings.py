from __future__ import annotations

import codecs

import pytest

from sharewise.errors import UserError

KOREAN = "오늘은 날씨가 맑아서 강가를 걸었습니다. 저녁에는 친구와 국수를 먹었어요 ㅋㅋ."
JAPANESE = "今日は天気が良かったので川沿いを歩きました。夜は友だちとラーメンを食べました。"
GERMAN = "Über die Brücke führte früher ein schmaler Weg; später wurde er größer und schöner."


def table(text: str) -> str:
    return f"text,label\n{text},1\n{text},0\n"


@pytest.mark.parametrize(
    ("text", "written", "found"),
    [
        (KOREAN, "utf-8", "utf-8"),
        (KOREAN, "utf-8-sig", "utf-8-sig"),
        (JAPANESE, "utf-16", "utf-16"),
        (KOREAN, "cp949", "cp949"),
        (KOREAN, "euc-kr", "cp949"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "cp932", "cp932"),
        (JAPANESE, "euc-jp", "euc-jp"),
        ("all of it ASCII", "cp949", "utf-8"),
    ],
)
def test_found_out(read, text, written, found):
    records = read("a.csv", table(text).encode(written), "text")
    assert records.frame["text"].to_list() == [text, text]
    assert records.encoding == found
    noted = (
        () if found.startswith("utf-8") else (f"a.csv: read as {found}, which was found out from its bytes",)
    )
    assert records.notes == noted


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (KOREAN, "cp949"),
        (JAPANESE, "SHIFT_JIS"),
        (JAPANESE, "euc_jp"),
        (GERMAN, "latin-1"),
        (GERMAN, "cp1252"),
        (KOREAN, "utf-16-le"),
        (KOREAN, "utf8"),
    ],
)
def test_declared(read, text, encoding):
    records = read("a.csv", table(text).encode(encoding), "text", encoding=encoding)
    assert records.frame["text"].to_list() == [text, text]
    assert records.encoding == encoding
    assert records.notes == ()


@pytest.mark.parametrize("declared", ["utf-8", "UTF8", "utf-8-sig"])
def test_byte_order_mark_is_no_part_of_the_first_name(read, declared):
    assert read("a.csv", table(KOREAN).encode("utf-8-sig"), "text", encoding=declared).frame.height == 2


def test_declared_byte_order_with_its_mark(read):
    content = codecs.BOM_UTF16_BE + table(KOREAN).encode("utf-16-be")
    assert read("a.csv", content, "text", encoding="utf-16-be").frame.columns == ["text"]


def test_json_lines_too(read):
    content = f'{{"text": "{KOREAN}"}}\n'.encode("cp949")
    assert read("a.jsonl", content, "text").frame["text"].to_list() == [KOREAN]


def fails(read, content: bytes, encoding: str | None = None) -> str:
    with pytest.raises(UserError) as error:
        read("a.csv", content, "text", encoding=encoding)
    return str(error.value)


def test_mixed_encodings_are_refused_at_the_first_wrong_line(read):
    lines = ["text,label", *[f"{KOREAN},1"] * 5]
    encoded = [line.encode() for line in lines]
    encoded[3] = lines[3].encode("cp949")
    said = fails(read, b"\n".join(encoded))
    assert said.startswith("a.csv, line 4: the byte 0xbf can't be decoded (all before it is valid utf-8")
    assert "declare the right one as `data.reviews.encoding`" in said


def test_a_line_of_utf8_in_a_korean_file_is_refused_at_its_line(read):
    lines = ["text,label", *[f"{KOREAN},1"] * 5]
    encoded = [line.encode("cp949") for line in lines]
    encoded[4] = lines[4].encode()
    said = fails(read, b"\n".join(encoded))
    assert said.startswith("a.csv, line 5: ")
    assert "all before it is valid cp949" in said


def test_wrong_declaration_names_the_line(read):
    assert fails(read, table(KOREAN).encode("cp949"), "utf-8").startswith(
        "a.csv, line 2: the byte 0xbf can't be decoded (declared as utf-8)"
    )


def test_line_is_right_after_a_byte_order_mark(read):
    content = codecs.BOM_UTF8 + b"text,label\n\xff,1\n"
    assert fails(read, content).startswith("a.csv, line 2: the byte 0xff can't be decoded")


def test_a_wider_encoding_is_named(read):
    said = fails(read, "text,label\n똠방각하,1\n".encode("cp949"), "euc-kr")
    assert said.startswith("a.csv, line 2: ")
    assert "cp949 holds more characters than euc_kr" in said


def test_western_text_is_not_guessed(read):
    assert fails(read, table(GERMAN).encode("latin-1")).startswith("a.csv, line 2: the byte 0xdc")


def test_too_little_to_tell(read):
    said = fails(read, "text,label\n가나,1\n".encode("cp949"))
    assert "as euc-jp or cp949 or cp932 it isn't clearly Korean or Japanese" in said


def test_mark_against_declaration(read):
    said = fails(read, table(KOREAN).encode("utf-8-sig"), "cp949")
    assert said.startswith(
        "a.csv: the file begins with the byte order mark of utf-8-sig, but cp949 is declared"
    )


@pytest.mark.parametrize("name", ["uft-8", "base64", "klingon", ""])
def test_unknown_encoding(read, name):
    said = fails(read, b"text,label\nx,1\n", name)
    assert said.startswith(f"data.reviews.encoding: there is no encoding {name!r}")


def test_misspelt_encoding_gets_the_nearest(read):
    assert "did you mean 'utf-8'?" in fails(read, b"text,label\nx,1\n", "uft-8")


def test_utf16_without_a_mark_is_a_nul_character(read):
    assert "declare `encoding: utf-16-le`" in fails(read, table("plain").encode("utf-16-le"))
