"""Which framework is configured."""

import os
from importlib.util import find_spec
from typing import Final

IS_USING_DJANGO: Final = bool(os.environ.get("DJANGO_SETTINGS_MODULE")) and (find_spec("django") is not None)
"""True when a Django settings module is named in the environment."""
