"""Development: debug pages, demo logins, every origin of a WebSocket."""

from config.settings import environment
from config.settings.base import *  # noqa: F403  settings modules extend each other this way

DEBUG = True
DEMO_LOGINS = True
SECRET_KEY = environment.secret("DJANGO_SECRET_KEY") or environment.development_secret_key(
    environment.data_dir()
)
ALLOWED_HOSTS = ["localhost", ".localhost", "127.0.0.1", "[::1]", "testserver"]
ALLOWED_HOSTS += [host.strip() for host in environment.text("ALLOWED_HOSTS").split(",") if host.strip()]
WEBSOCKET_ALLOW_ALL_ORIGINS = True
# The development server of a front end, on whatever port, may call the REST addresses.
CORS_ALLOWED_ORIGIN_REGEXES = [r"^http://(localhost|127\.0\.0\.1)(:\d+)?$"]
CSRF_TRUSTED_ORIGINS = [
    f"http://{host}:{port}"
    for host in ("localhost", "127.0.0.1")
    for port in sorted({80, 5173, 8000, environment.port()})
]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
