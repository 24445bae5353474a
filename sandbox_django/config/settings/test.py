"""Tests: quick passwords, origins checked as in production."""

import os
import tempfile
from pathlib import Path

from config.settings import environment, logs
from config.settings.base import *  # noqa: F403  settings modules extend each other this way

LOGGING = logs.logging_config("WARNING", as_json=False)
SECRET_KEY = "a key of the tests alone, which guards nothing"
DEMO_LOGINS = True
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
CSRF_TRUSTED_ORIGINS = [
    f"http://{host}:{port}"
    for host in ("localhost", "127.0.0.1")
    for port in sorted({80, 8000, environment.port()})
]
TASKS_IN_BACKGROUND = False
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405  from base
    # A file, as outside of tests: threads that share a database in memory do not wait for each other's locks.
    DATABASES["default"]["TEST"] = {  # noqa: F405
        "NAME": str(Path(tempfile.gettempdir()) / f"chanx-sandbox-test-{os.getpid()}.sqlite3")
    }
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
CHANX = {**CHANX, "SEND_COMPLETION": True}  # noqa: F405  from base
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
