from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two torch threads beside other processes crawl

import numpy as np
import platformdirs
import pytest

from logicx.banks.bank import ConceptBank
from logicx.banks.universe import Universe
from logicx.units.units import Units

HELPERS = [one.stem for one in (Path(__file__).parent / "helpers").glob("*.py")]
pytest.register_assert_rewrite(*HELPERS)  # their assertions say what they compared

# Machine code outlives a test run; all else is cached in a folder of its own, see below.
os.environ.setdefault("NUMBA_CACHE_DIR", str(platformdirs.user_cache_path("logicx")))

GROUPS = {
    **dict.fromkeys(("test_cli_demo", "test_cli_processes", "test_cli_refusals"), "demo"),
    **dict.fromkeys(("test_demo_network", "test_demo_scenes", "test_docs", "test_show"), "demo"),
    **dict.fromkeys(
        ("test_atoms", "test_ceiling", "test_optimal", "test_optimal_beyond"), "proofs"
    ),
    **dict.fromkeys(("test_search_options", "test_search_proofs", "test_support"), "proofs"),
    **dict.fromkeys(("test_heuristics_guided", "test_numba_engine"), "beams"),
    "test_nli_example": "nli",
    "test_vision_example": "vision",
}
"""Test files whose costly beginnings (the demo, compiled proofs, a study) one process makes for all
of a group, so that parallel ones do not make them again."""

collect_ignore_glob = [
    "helpers/*.py",
    "examples/rules/*.py",
]  # a package of plug-ins registers them
"""Helpers are no tests; some register parts of their own when they are imported."""

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tell parallel runs which tests belong together."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if item.path.stem in GROUPS:
                item.add_marker(pytest.mark.xdist_group(GROUPS[item.path.stem]))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real data and of references beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"real data are not here: {SHARED}")
    return SHARED


@pytest.fixture(scope="session")
def reference_bank(shared: Path) -> ConceptBank:
    """The paper's own NLI bank: 10,000 sentence pairs, 4,004 concepts."""
    masks, names = _unpacked(shared / "reference" / "compexp_nli" / "bank.npz")
    categories = [name.split(":")[0] for name in names]
    universe = Universe.pairs(masks.shape[1])
    return ConceptBank.from_masks(masks, names, categories=categories, universe=universe)


@pytest.fixture(scope="session")
def reference_units(shared: Path) -> Units:
    """The eight units whose explanations by the paper's own code are in results.json."""
    masks, names = _unpacked(shared / "reference" / "compexp_nli" / "units.npz")
    return Units.from_masks(masks, names, universe=Universe.pairs(masks.shape[1]))


def _unpacked(path: Path) -> tuple[np.ndarray, list[str]]:
    if not path.is_file():
        pytest.skip(f"no reference {path}")
    with np.load(path, allow_pickle=False) as stored:
        n_cells, _ = stored["shape"]
        masks = np.unpackbits(stored["packed"], axis=0, count=int(n_cells)).astype(bool).T
        return masks, [str(name) for name in stored["names"]]


@pytest.fixture(scope="session")
def has_pipeline() -> bool:
    """Whether spaCy and its small English pipeline are here, under whatever package's name."""
    if not find_spec("spacy"):
        return False
    from spacy.util import get_installed_models

    return any(one.startswith("en_core_web_sm") for one in get_installed_models())


@pytest.fixture(scope="session")
def pipeline(has_pipeline: bool) -> str:
    """Name of the small English pipeline."""
    if not has_pipeline:
        pytest.skip("no spaCy pipeline is installed: pip install -r tests/models.txt")
    return "en_core_web_sm"


@pytest.fixture(scope="session", autouse=True)
def demo_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the test run's own, so that the demo is made anew once."""
    run = tmp_path_factory.getbasetemp()
    run = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run  # one for all processes
    folder = run / "logicx-cache"
    os.environ["LOGICX_CACHE"] = str(folder)
    return folder
