"""A sharing method added as the guide says: one source file, one export line; and the guide's tables are whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import sharewise
from sharewise.models.sharing import SHARINGS
from sharewise.weighting import WEIGHTINGS
from tiny_study import write_study

_PAGE = Path(__file__).parents[3] / "docs" / "guide" / "sharing.md"
_USE = """
import sys
from pathlib import Path
from sharewise import cli
from sharewise.models.saved import load_model
from sharewise.study import StudyError, load_study, study_schema

file, runs = sys.argv[1:]
sys.argv = ["sharewise", "train", file, "--arm", "new", "--seed", "1", "--runs", runs]
try:
    cli.main()
except SystemExit as ended:
    assert not ended.code, ended.code
(folder,) = Path(runs).glob("*/new/all/*/model")
print(load_model(folder).manifest.sharing_options)
try:
    load_study(file, overrides=["arms.new.strat=1"])
except StudyError as error:
    print(error)
print("scales" in study_schema()["$defs"]["ArmOptions"]["properties"]["sharing"]["enum"])
"""


def _blocks():
    return re.findall(r"```python\n(.*?)```", _PAGE.read_text(encoding="utf-8"), flags=re.S)


def test_one_file_and_one_line_make_a_method(tmp_path):
    source, line = _blocks()
    package = tmp_path / "src" / "sharewise"
    shutil.copytree(Path(sharewise.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    room = package / "models" / "sharing"
    (room / "scales.py").write_text(source, encoding="utf-8")
    exports = room / "__init__.py"
    # Wherever it stands among the other imports.
    text = exports.read_text(encoding="utf-8")
    exports.write_text(text.replace("\nfrom ", f"\n{line}from ", 1), encoding="utf-8")
    arms = {"new": {"sharing": "scales", "start": 0.5}}
    file = write_study(tmp_path / "study", {"arms": arms, "seeds": [1], "keep": "all"})
    (tmp_path / "use.py").write_text(_USE, encoding="utf-8")
    environment = {
        "PYTHONPATH": str(package.parent),
        "OMP_NUM_THREADS": "1",
        "PATH": "",
        "HOME": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", tmp_path / "use.py", file, tmp_path / "runs"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "{'start': 0.5}" in done.stdout
    assert "did you mean `start`?" in done.stdout
    assert done.stdout.endswith("True\n")


def test_the_guide_lists_every_method_and_its_keys():
    text = _PAGE.read_text(encoding="utf-8")
    for name, method in SHARINGS.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        keys = re.findall(r"`(\w+)`", row.split("|")[3])
        assert set(keys) == set(method.options.model_fields), name
        passes = row.split("|")[5].strip()
        assert (passes == "1") == method.one_pass, name
    for name, weighting in WEIGHTINGS.items():
        (row,) = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        keys = re.findall(r"`(\w+)`", row.split("|")[3])
        assert set(keys) == set(weighting.options.model_fields) - {"on"}, name
