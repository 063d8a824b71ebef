"""The example that writes a sample that never was, for tests that need one."""

import importlib.util
from pathlib import Path

_PATH = Path(__file__).parents[2] / "examples" / "a_synthetic_sample.py"
_spec = importlib.util.spec_from_file_location("a_synthetic_sample", _PATH)
assert _spec is not None
assert _spec.loader is not None
example = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(example)

main, metadata, repository, write = example.main, example.metadata, example.repository, example.write
