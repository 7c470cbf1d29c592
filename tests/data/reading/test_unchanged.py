"""A file that is written to while it is read is refused, whatever else its half-written state looks like."""

from __future__ import annotations

import os
import threading

import pytest

from sharewise.data import reading
from sharewise.data.reading import read_records
from sharewise.data.reading.windows import read_windows
from sharewise.errors import UserError

CHANGED = "the file changed while it was read"


def records(folder):
    return read_records("t.csv", folder=folder, columns=["a"], key="data.d.train")


@pytest.mark.parametrize("harm", ["append", "replace", "delete", "half"])
def test_read_as_a_whole(tmp_path, monkeypatch, harm):
    file = tmp_path / "t.csv"
    file.write_text("a,b\n1,2\n")
    read = reading.FORMATS[".csv"]

    def meanwhile(request):
        if harm == "delete":
            found = read(request)
            file.unlink()
            return found
        if harm == "replace":
            (tmp_path / "other").write_text("a,b\n3,4\n")
            (tmp_path / "other").replace(file)
        else:
            file.write_text("a,b\n1,2\n1,2\n" + ("1" if harm == "half" else ""))
        return read(request)

    monkeypatch.setitem(reading.FORMATS, ".csv", meanwhile)
    with pytest.raises(UserError, match=f"t.csv: {CHANGED}"):
        records(tmp_path)


def test_read_in_windows(tmp_path):
    file = tmp_path / "t.csv"
    file.write_text("a\n" + "x\n" * 9)
    windows = read_windows(str(file), rows=4)
    assert next(windows).frame.height == 4
    with file.open("a") as more:
        more.write("y\n")
    with pytest.raises(UserError, match=CHANGED):
        list(windows)


def test_a_file_that_is_left_alone_is_read(tmp_path):
    (tmp_path / "t.csv").write_text("a\nx\n")
    assert records(tmp_path).frame["a"].to_list() == ["x"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_has_no_state(tmp_path):
    pipe = tmp_path / "t.csv"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_text("a\nx\n"))
    writer.start()
    assert records(tmp_path).frame["a"].to_list() == ["x"]
    writer.join()
