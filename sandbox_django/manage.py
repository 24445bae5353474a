#!/usr/bin/env python
"""Django's command-line entry of the sandbox."""

import os
import sys
from pathlib import Path


def main() -> None:
    """Runs a management command, from whatever directory it is called."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
