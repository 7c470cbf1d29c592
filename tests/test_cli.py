"""The commands: what they print, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer.main

import sharewise
from sharewise.cli import app, main
from sharewise.files import locked
from tiny_study import Compared, write_data, write_study

Command = Callable[..., tuple[int, str, str]]
ONE = {"seeds": [1], "tasks.loud": None, "tasks.topic": None, "tasks.good": None, "data.reviews": None}


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, one_thread: None
) -> Command:
    """Run a command in this process: (exit code, standard output, standard error)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sharewise", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        out, err = capsys.readouterr()
        return int(end.value.code or 0), out, err

    return run


def commands(group: Any = None, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """All commands and groups of them, found out from the application itself."""
    group = group or typer.main.get_command(app)
    found = [path]
    for name, inner in getattr(group, "commands", {}).items():
        found += commands(inner, (*path, name))
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_has_help_with_an_example(command: Command, path: tuple[str, ...]) -> None:
    code, out, err = command(*path, "--help")
    assert (code, err) == (0, "")
    example = re.search(r"Example: sharewise (.+)", out)
    assert example
    assert example[1].split()[: len(path)] == list(path)
    assert command(*path, "-h") == (0, out, "")


def test_every_command_prints_json_on_demand() -> None:
    for path in commands():
        found = typer.main.get_command(app)
        for name in path:
            found = found.commands[name]
        if not hasattr(found, "commands"):
            assert "--json" in {option for parameter in found.params for option in parameter.opts}, path


def test_help_waits_for_no_heavy_import() -> None:
    code = (
        "import sys\nfrom sharewise.cli import main\n"
        "for words in (['--help'], ['compare', '--help'], ['--version'], ['compare']):\n"
        "    sys.argv = ['sharewise', *words]\n"
        "    try: main()\n"
        "    except SystemExit: pass\n"
        "heavy = ('torch', 'transformers', 'polars', 'numpy', 'scipy', 'sklearn', 'yaml')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_is_printed_without_a_command(command: Command) -> None:
    assert command("--version") == (0, f"sharewise {sharewise.__version__}\n", "")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["bogus"],
        ["compare"],
        ["compare", "a.yaml", "--workers", "0"],
        ["train", "a.yaml", "--arm", "hard"],
    ],
)
def test_wrong_arguments_exit_with_2(command: Command, arguments: list[str]) -> None:
    code, out, err = command(*arguments)
    assert code == 2
    assert "Usage: sharewise" in (out + err)


def test_debug_goes_before_the_command(command: Command, tmp_path: Path) -> None:
    code, out, err = command("compare", write_study(tmp_path), "--debug")
    assert (code, out) == (2, "")
    assert "No such option: --debug" in err


def test_the_users_mistakes_exit_with_2_and_without_traceback(command: Command, tmp_path: Path) -> None:
    code, out, err = command("compare", "nowhere.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("error: there is no file nowhere.yaml\n  To do: ")
    (tmp_path / "folder").mkdir()
    code, out, err = command("compare", "folder")
    assert (code, out) == (2, "")
    assert err.startswith("error: folder is a folder, and a study is a file")
    code, out, err = command("report", "folder")
    assert (code, out) == (2, "")
    assert err.startswith("error: folder: there is no results.json")
    assert len(err.splitlines()) == 3
    code, out, err = command("train", write_study(tmp_path), "--arm", "hrad", "--seed", 1)
    assert (code, out) == (2, "")
    assert "did you mean `hard`?" in err
    assert "Traceback" not in err


def test_a_mistake_in_the_data_is_located(command: Command, tmp_path: Path) -> None:
    file = write_study(tmp_path, ONE)
    data = tmp_path / "test.csv"
    data.write_text(data.read_text().replace(",yes,", ",yess,", 1))
    code, out, err = command("compare", file)
    assert (code, out) == (2, "")
    assert re.search(r"error: test\.csv, line \d+, column 'polite': 'yess' is no label of task 'polite'", err)
    assert "Traceback" not in err


def test_debug_shows_where_a_mistake_was_found(command: Command) -> None:
    code, out, err = command("--debug", "compare", "nowhere.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("Traceback (most recent call last):")
    assert err.splitlines()[-2] == "error: there is no file nowhere.yaml"


@pytest.mark.parametrize("debug", [False, True])
def test_what_nobody_expected_is_one_line(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    def fail(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("by zero,\n of all things")

    monkeypatch.setattr("sharewise.compare.compare", fail)
    code, out, err = command(*["--debug"] * debug, "compare", write_study(tmp_path))
    assert (code, out) == (1, "")
    assert err.splitlines()[-1] == (
        "error: unexpected ZeroDivisionError: by zero, of all things (`sharewise --debug …` shows where)"
    )
    assert ("Traceback" in err) == debug
    assert debug or len(err.splitlines()) == 1


def test_ctrl_c_is_one_line(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sharewise.compare.compare", stop)
    stopped = "error: stopped; run the same command again to go on where it stopped\n"
    assert command("compare", write_study(tmp_path)) == (1, "", stopped)


def test_a_folder_in_use_is_one_line(command: Command, compared: Compared) -> None:
    with locked(compared.root / ".lock", busy="-"):
        for words in (["compare"], ["train", "--arm", "hard", "--seed", 1]):
            code, out, err = command(*words, compared.file, "--runs", compared.runs)
            assert (code, out) == (1, "")
            assert re.fullmatch(
                r"error: .*: another process is (comparing this study|training .*); wait .*\n", err
            )


def test_an_audit_is_printed_and_written(command: Command, tmp_path: Path) -> None:
    file = write_study(tmp_path)
    code, out, err = command("audit", file)
    assert (code, err) == (0, "")
    assert "What was found" in out
    for name in ("audit.html", "audit.json", "audit-rows.csv"):
        assert (tmp_path / "runs" / "tiny" / name).stat().st_size > 50
        assert f"written: runs/tiny/{name}" in out
    code, out, err = command("audit", file, "--json", "--set", "seeds=[1, 2]")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert [p["seeds"] for p in found["power"]] == [2] * 4
    assert found == json.loads((tmp_path / "runs" / "tiny" / "audit.json").read_text())


def test_no_groups_are_written_where_labels_suggest_none(command: Command, tmp_path: Path) -> None:
    file = write_study(tmp_path, ONE)
    before = file.read_text()
    code, _, err = command("audit", file, "--write-groups")
    assert code == 2
    assert "there are no groups to write" in err
    assert file.read_text() == before


def test_affinity_is_printed_and_written(command: Command, tmp_path: Path) -> None:
    file = write_study(tmp_path)
    code, out, err = command("affinity", file, "--every", "1", "--cells", "8")
    assert code == 0, err
    assert "Lookahead affinity" in out
    assert "affinity, seed 1" in err
    for name in ("affinity.html", "affinity.json"):
        assert (tmp_path / "runs" / "tiny" / name).stat().st_size > 1000
        assert f"written: runs/tiny/{name}" in out
    few = ("--every", "1", "--cells", "8", "--groups", "4", "--sharing", "grouped")
    code, out, err = command("affinity", file, *few, "--json", "--write-groups")
    assert (code, err) == (0, "")
    groups = json.loads(out)["prediction"]["groups"]
    assert json.loads(file.read_text())["arms"]["by_affinity"] == {"sharing": "grouped", "groups": groups}
    assert command("affinity", file, "--groups", "1")[0] == 2
    assert command("affinity", file, "--by", "taste")[0] == 2


def test_compare_prints_the_report_and_where_it_is(command: Command, compared: Compared) -> None:
    code, out, err = command("compare", compared.file, "--runs", compared.runs)
    assert code == 0
    assert "Verdicts" in out
    assert out.splitlines()[-1] == f"15 runs; `sharewise report {compared.root}` writes the reports anew."
    for name in ("report.md", "report.html"):
        assert (compared.root / name).stat().st_size > 1000
        assert f"written: {compared.root / name}" in out
    assert len([line for line in err.splitlines() if "on disk already" in line]) == 15
    assert "\x1b" not in out + err


def test_compare_prints_json_and_nothing_else(command: Command, compared: Compared) -> None:
    code, out, err = command("compare", compared.file, "--runs", compared.runs, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["schema"] == 1
    assert json.loads(out) == json.loads((compared.root / "results.json").read_text())


def test_strict_refuses_unequal_arms_before_training(command: Command, tmp_path: Path) -> None:
    arms = {"hard": {}, "longer": {"baseline": "hard", "training": {"epochs": 2}}}
    file = write_study(tmp_path, ONE | {"arms": arms})
    for more in ([], ["--plan"], ["--json"]):
        code, out, err = command("compare", file, "--strict", *more)
        assert (code, out) == (2, "")
        assert "error: --strict: arms are not compared fairly:\n  Unequal budgets: longer has " in err
        assert "epochs 2 against 1 with hard." in err
        assert "Traceback" not in err
    assert not list(tmp_path.glob("runs/tiny/*/*/*"))


def test_a_tampered_results_json_is_reported_as_such(command: Command, compared: Compared) -> None:
    file = compared.root / "results.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    next(run for run in content["runs"] if run["arm"] == "hard")["selected_on"] = "test"
    file.write_text(json.dumps(content), encoding="utf-8")
    code, out, err = command("report", compared.root)
    assert (code, err) == (0, "")
    assert "its weights were chosen on test, not on validation" in " ".join(out.split())
    for name in ("report.md", "report.html"):
        assert "its weights were chosen on test" in (compared.root / name).read_text(encoding="utf-8")
    code, out, _ = command("report", compared.root, "--json")
    told = json.loads(out)
    assert [objection["kind"] for objection in told["objections"]] == ["selection"]
    assert {verdict["verdict"] for verdict in told["verdicts"]} == {"inconclusive"}


def test_keys_are_overridden(command: Command, compared: Compared) -> None:
    code, out, _ = command(
        "compare",
        compared.file,
        "--runs",
        compared.runs,
        "--json",
        "--set",
        "seeds=[2, 3]",
        "--set",
        "keep=none",
    )
    assert code == 0
    assert json.loads(out)["seeds"] == [2, 3]
    assert json.loads(out)["configuration"]["keep"] == "none"
    code, _, err = command("compare", compared.file, "--set", "training.epoch=2")
    assert code == 2
    assert "epochs" in err


def test_a_plan_prints_runs_hours_and_disk_and_trains_nothing(command: Command, tmp_path: Path) -> None:
    arms = {"arms": {"hard": {}, "big": {"training": {"epochs": 2}}}}
    file = write_study(tmp_path, {**ONE, **arms})
    code, out, err = command("compare", file, "--plan", "--workers", 1)
    assert (code, err) == (0, "")
    for run in ("single polite, seed 1", "single[big] polite, seed 1", "big, seed 1"):
        assert run in out
    assert "4 runs, 0 of them on disk" in out
    assert re.search(r"about \d+\.\d (minutes|hours) with 1 side by side", out)
    assert re.search(r"\d+\.\d MiB of weights stay on disk, \d+\.\d MiB at most", out)
    assert not (tmp_path / "runs" / "tiny").exists()
    code, out, err = command("compare", file, "--plan", "--json")
    assert (code, err) == (0, "")
    assert [run["on_disk"] for run in json.loads(out)["runs"]] == [False] * 4


def test_hours_are_hours(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sharewise.compare import Estimate

    plan = Estimate((), seconds=9000.0, workers=2, kept_bytes=5 * 2**30, peak_bytes=2**40)
    monkeypatch.setattr("sharewise.compare.estimate", lambda *a, **k: plan)
    out = command("compare", write_study(tmp_path), "--plan")[1]
    assert "about 2.5 hours with 2 side by side" in out
    assert "5.0 GiB of weights stay on disk, 1,024.0 GiB at most" in out


def test_a_run_that_was_trained_alone_is_not_trained_by_compare(command: Command, tmp_path: Path) -> None:
    file = write_study(tmp_path, ONE)
    code, out, err = command("train", file, "--arm", "hard", "--seed", 1)
    assert code == 0
    assert re.match(
        r"hard polite: mcc validation -?\d\.\d{4}, test -?\d\.\d{4}\n  runs/tiny/hard/all/seed-1-", out
    )
    folder = tmp_path / out.splitlines()[-1].strip()
    assert (folder / "run.json").is_file()
    assert "1/1 hard, seed 1" in err
    code, out, err = command("compare", file)
    assert code == 0
    assert re.search(r"1/2 hard, seed 1 +on disk already", err)
    assert re.search(r"2/2 single polite, seed 1 +\d+ updates", err)
    code, out, err = command("train", file, "--arm", "single", "--seed", 1, "--json")
    assert (code, err) == (0, "")
    (run,) = json.loads(out)
    assert (run["arm"], run["task"], run["seed"]) == ("single", "polite", 1)


def test_reports_are_rebuilt(command: Command, compared: Compared) -> None:
    for place in (compared.root, compared.root / "results.json"):
        (compared.root / "report.md").unlink(missing_ok=True)
        (compared.root / "report.html").unlink(missing_ok=True)
        code, out, err = command("report", place)
        assert (code, err) == (0, "")
        assert f"written: {compared.root / 'report.md'}" in out
        assert (compared.root / "report.html").is_file()
    code, out, err = command("report", compared.root, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["study"] == "tiny"


def test_a_study_file_is_drafted_and_none_is_overwritten(command: Command, tmp_path: Path) -> None:
    write_data(tmp_path)
    files = ["train.csv", "valid.csv", "test.csv"]
    code, text, err = command("init", *files)
    assert (code, err) == (0, "")
    assert "kind: binary" in text
    code, out, err = command("init", *files, "-o", "study.yaml")
    assert (code, out, err) == (0, "study.yaml is written; next: sharewise compare study.yaml --plan\n", "")
    assert (tmp_path / "study.yaml").read_text(encoding="utf-8") == text
    (tmp_path / "study.yaml").write_text("mine")
    code, out, err = command("init", *files, "-o", "study.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("error: study.yaml exists already\n")
    assert (tmp_path / "study.yaml").read_text() == "mine"
    code, out, err = command("init", *files, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"study": text, "written": None}


def test_the_corpus_is_written(command: Command, tmp_path: Path) -> None:
    words = ["corpus", "dialogue", "--language", "en", "--rows", 60, "-o", "data"]
    code, out, err = command(*words, "--json")
    assert (code, err) == (0, "")
    written = json.loads(out)
    assert {"train", "validation", "test"} <= written.keys()
    assert all((tmp_path / path).is_file() for path in written.values())
    code, out, _ = command(*words)
    assert code == 0
    assert f"train: {written['train']}" in out.splitlines()


def test_a_reader_that_goes_away_is_no_error() -> None:
    """As in `sharewise --help | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "sharewise.cli", "--help"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_model_writes_the_recommended_model(command: Command, compared: Compared, tmp_path: Path) -> None:
    code, out, err = command("model", compared.root, "-o", tmp_path / "m", "--arm", "hard")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith(f"written: {tmp_path / 'm'}: a model, of arm hard and seed ")
    code, out, _ = command("model", compared.root, "-o", tmp_path / "m", "--arm", "single", "--json")
    assert json.loads(out)["models"] == 4
    assert (tmp_path / "m" / "polite" / "sharewise.json").is_file()


def test_predict_scores_a_file(command: Command, trained: Compared, tmp_path: Path) -> None:
    folder, data = trained.root / "model", trained.file.parent / "test.csv"
    code, out, err = command("predict", folder, data, "-o", tmp_path / "o.csv", "--tasks", "polite, good")
    assert (code, err, out) == (0, "", f"written: {tmp_path / 'o.csv'}: 20 rows\n")
    header = (tmp_path / "o.csv").read_text().splitlines()[0]
    assert header == "text,polite,loud,topic,polite.predicted,polite.p.yes,good.predicted,good.p.1"
    (tmp_path / "bad.csv").write_text('text\nfine\n""\n')
    code, out, err = command("predict", folder, "bad.csv", "-o", "o.jsonl")
    assert code == 2
    assert "bad.csv, line 3: an empty text" in err
    code, out, err = command("predict", folder, "bad.csv", "-o", "o.jsonl", "--on-error", "apart", "--json")
    told = json.loads(out)
    assert told.pop("engine") in ("torch", "torch-bf16")
    assert told == {"rows": 1, "rejected": 1, "rejected_file": "o.jsonl.rejected.jsonl", "resumed": 0}
