"""Every public name resolves, is documented, and is reached without importing what it doesn't need."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import sharewise

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(sharewise.__path__, "sharewise.")
    if not module.name.rpartition(".")[2].startswith("_")
)


@pytest.mark.parametrize("name", sharewise.__all__)
def test_the_packages_names_resolve_and_are_documented(name: str) -> None:
    assert inspect.getdoc(getattr(sharewise, name)), name


def test_a_name_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Studdy'"):
        sharewise.Studdy  # noqa: B018
    assert set(sharewise.__all__) == set(sharewise._HOMES)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_and_what_it_defines_for_others_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert inspect.getdoc(module), name
    public = getattr(module, "__all__", None) or [
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and getattr(value, "__module__", None) == name
    ]
    for key in public:
        value = getattr(module, key)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), f"{name}.{key}"
        if inspect.isfunction(value):
            assert "return" in value.__annotations__, f"{name}.{key}"


def test_importing_the_package_imports_nothing_heavy() -> None:
    code = (
        "import sys, sharewise, sharewise.cli\n"
        "print([m for m in ('torch', 'transformers', 'polars', 'numpy', 'scipy', 'sklearn', 'pydantic') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
