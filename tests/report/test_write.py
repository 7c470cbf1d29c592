import pytest

from sharewise.report import html, markdown, write_reports


def test_both_files_are_written_and_nothing_else(published, tmp_path):
    written = write_reports(published, tmp_path / "new")
    assert written == {"markdown": tmp_path / "new" / "report.md", "html": tmp_path / "new" / "report.html"}
    assert written["markdown"].read_text(encoding="utf-8") == markdown(published)
    assert written["html"].read_text(encoding="utf-8") == html(published)
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_where_one_cannot_be_made_the_old_ones_stay(published, tmp_path):
    (tmp_path / "report.md").write_text("old", encoding="utf-8")
    broken = published.model_copy(update={"sentences": ["one too many"], "verdicts": [None]})
    with pytest.raises(AttributeError):
        write_reports(broken, tmp_path)
    assert [path.read_text(encoding="utf-8") for path in tmp_path.iterdir()] == ["old"]
