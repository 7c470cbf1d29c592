"""Files that appear whole or not at all, and locks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sharewise.errors import RunError
from sharewise.files import clear_unfinished, locked, write_folder, write_text, write_whole


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_is_written_with_its_folders(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b.txt"
    write_text(file, "環境\n")
    assert file.read_bytes() == "環境\n".encode()
    assert names(file.parent) == ["b.txt"]


def test_a_file_keeps_its_old_content_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "report.md"
    write_text(file, "old")

    def write(beside: Path) -> None:
        beside.write_text("half of the")
        assert beside.parent == tmp_path
        assert beside.suffix == ".md"
        assert file.read_text() == "old"
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write_whole(file, write)
    assert file.read_text() == "old"
    assert names(tmp_path) == ["report.md"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "model"

    def write(beside: Path) -> None:
        (beside / "weights").write_text("half")
        assert not folder.exists()
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        write_folder(folder, write)
    assert names(folder.parent) == []


def test_what_killed_writers_left_goes_a_day_later(tmp_path: Path) -> None:
    old, older, new = (
        tmp_path / f".data.{n}" for n in ("0123456789ab.part", "0a.b9876543210.old", "ba9876543210.part")
    )
    replaced, others = tmp_path / ".data.ba9876543211.old", tmp_path / ".mine.part"
    for left in (old, older, replaced, others, new):
        left.mkdir()
        (left / "half").write_text("half")
        if left != new:
            yesterday = time.time() - 90_000
            os.utime(left, (yesterday, yesterday))
    write_folder(tmp_path / "other", lambda beside: (beside / "file").write_text("whole"))
    assert not old.exists()
    assert not replaced.exists()
    assert new.exists(), "it may still be written to"
    assert others.exists(), "it is nobody's of ours"
    assert older.exists(), "it is nobody's of ours"


def test_of_two_writers_of_a_folder_the_first_wins(tmp_path: Path) -> None:
    folder = tmp_path / "model"

    def second(beside: Path) -> None:
        (beside / "weights").write_text("second")
        write_folder(folder, lambda b: (b / "weights").write_text("first"))

    write_folder(folder, second)
    assert (folder / "weights").read_text() == "first"
    assert names(tmp_path) == ["model"]


def test_a_folder_makes_way_where_it_may(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    write_folder(folder, lambda beside: (beside / "old").write_text("old"))
    write_folder(folder, lambda beside: (beside / "new").write_text("new"), replace=True)
    assert names(folder) == ["new"]
    assert names(tmp_path) == ["model"]


def test_what_a_killed_writer_leaves_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    killed = (
        "import os, sys; from pathlib import Path; from sharewise.files import *\n"
        "def write(beside):\n"
        "    (beside / 'half').write_text('') if beside.is_dir() else beside.write_text('half')\n"
        "    os._exit(9)\n"
        "{}(Path(sys.argv[1]), write)"
    )
    for function, name in (
        ("write_whole", "run.json"),
        ("write_whole", "noending"),
        ("write_folder", "model"),
    ):
        subprocess.run([sys.executable, "-c", killed.format(function), tmp_path / name], check=False)
    write_text(tmp_path / "run.json", "whole")
    (tmp_path / ".lock").touch()
    (tmp_path / ".hidden").mkdir()
    assert len(names(tmp_path)) == 6
    clear_unfinished(tmp_path)
    assert names(tmp_path) == [".hidden", ".lock", "run.json"]


def test_a_lock_refuses_a_second_holder_with_what_it_was_told_to_say(tmp_path: Path) -> None:
    lock = tmp_path / "runs" / ".lock"
    with (
        locked(lock, busy="someone is here"),
        pytest.raises(RunError, match=r"^someone is here$"),
        locked(lock, busy="someone is here"),
    ):
        pytest.fail("two hold the lock")
    with locked(lock, busy="someone is here"):
        pass


def test_a_lock_is_waited_for_with_patience(tmp_path: Path) -> None:
    lock = tmp_path / ".lock"
    inside = threading.Event()

    def hold() -> None:
        with locked(lock, busy="-"):
            inside.set()
            time.sleep(0.3)

    holder = threading.Thread(target=hold)
    holder.start()
    inside.wait()
    with locked(lock, busy="still there", patience=30.0):
        pass
    holder.join()


def test_a_lock_is_free_after_an_exception(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside"), locked(tmp_path / ".lock", busy="-"):
        raise ValueError("inside")
    with locked(tmp_path / ".lock", busy="-"):
        pass
