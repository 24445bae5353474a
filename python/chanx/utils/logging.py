"""The structlog logger of the package."""

from typing import Any

import structlog

logger: Any = structlog.get_logger("chanx")
