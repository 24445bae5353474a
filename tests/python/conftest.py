"""Makes the helper modules of this directory importable, whichever way pytest imports the tests."""

import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

# `pytest --hypothesis-profile=nightly` multiplies the examples of the differential tests; see codec_cases.examples.
settings.register_profile("nightly", deadline=None)
