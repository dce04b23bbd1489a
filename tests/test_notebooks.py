"""Notebooks run from top to bottom and show what they show in the repository."""

from __future__ import annotations

import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted((ROOT / "notebooks").glob("*.ipynb"))
LARGEST = 600_000


def runner() -> ModuleType:
    """``notebooks/run.py``, which needs the group ``notebooks``."""
    pytest.importorskip("nbclient", reason="needs the dependency group notebooks")
    spec = spec_from_file_location("notebooks_run", ROOT / "notebooks" / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.filterwarnings("ignore")  # Jupyter's own, of its event loop
def test_a_notebook_shows_what_is_kept(file: Path) -> None:
    run = runner()
    kept = run.read(file.stem)
    found = run.differences(kept, run.executed(kept))
    assert not found, "\n\n".join(found)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_notebook_is_stored_in_one_form(file: Path) -> None:
    run = runner()
    kept = run.read(file.stem)
    before = json.dumps(kept, sort_keys=True)
    assert json.dumps(run.tidy(kept), sort_keys=True) == before, "run python notebooks/run.py"
    assert file.stat().st_size < LARGEST


@pytest.mark.parametrize("name", ["01-gradient-tape", "01-gradient-tape-zh"])
def test_the_tape_notebooks_have_the_tutorial_s_code_unchanged(name: str) -> None:
    tutorial = (ROOT / "tests" / "data" / "tf" / "seed_tutorial.zh.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)\n```$", tutorial, re.MULTILINE | re.DOTALL)
    stored = json.loads((ROOT / "notebooks" / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in stored["cells"]]
    assert len(blocks) == 5
    assert "z = y * y \n" in blocks[2], "a formatter changed the tutorial's copy"
    assert [cell for cell in cells if cell in blocks] == blocks
