"""Production: every secret and host must be given; the start fails, naming what is missing."""

from django.core.exceptions import ImproperlyConfigured

from config.settings import environment, logs
from config.settings.base import *  # noqa: F403  settings modules extend each other this way


def _required(name: str, example: str) -> str:
    value = environment.secret(name)
    if not value:
        raise ImproperlyConfigured(f"Production needs {name}. Example: {name}={example}")
    return value


def _listed(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


SECRET_KEY = _required("DJANGO_SECRET_KEY", "$(openssl rand -base64 48)")
if len(SECRET_KEY) < 32:
    raise ImproperlyConfigured("DJANGO_SECRET_KEY is shorter than 32 characters")
ALLOWED_HOSTS = _listed(_required("ALLOWED_HOSTS", "chat.example.org"))
CSRF_TRUSTED_ORIGINS = _listed(_required("CSRF_TRUSTED_ORIGINS", "https://chat.example.org"))
CORS_ALLOWED_ORIGINS = _listed(environment.text("CORS_ALLOWED_ORIGINS"))
for _name, _origins in (
    ("CSRF_TRUSTED_ORIGINS", CSRF_TRUSTED_ORIGINS),
    ("CORS_ALLOWED_ORIGINS", CORS_ALLOWED_ORIGINS),
):
    if _bad := [origin for origin in _origins if not origin.startswith(("https://", "http://"))]:
        raise ImproperlyConfigured(f"{_name}: {_bad[0]!r} does not begin with https://")

LOGGING = logs.logging_config("INFO", as_json=True)

if DATABASES["default"]["ENGINE"].endswith("postgresql"):  # noqa: F405  from base
    DATABASES["default"]["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 16}}  # noqa: F405

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# Whether browsers are to know it before the first visit is for the domain's owner to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$"]
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
JWT_COOKIES_SECURE = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
