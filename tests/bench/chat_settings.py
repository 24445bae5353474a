"""Settings of the benchmark's chat room; the layer comes from the environment."""

import json
import os

SECRET_KEY = "benchmarks only"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "channels",
    "chanx.channels",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
CHANX = {
    "SEND_COMPLETION": False,
    "LOG_WEBSOCKET_MESSAGE": False,
    "SEND_MESSAGE_IMMEDIATELY": False,
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": os.environ.get("BENCH_LAYER", "chanx.layers.InMemoryChannelLayer"),
        "CONFIG": json.loads(os.environ.get("BENCH_LAYER_CONFIG", "{}")),
    }
}
ROOT_URLCONF = __name__
urlpatterns: list[object] = []
USE_TZ = True
LOGGING = {"version": 1, "disable_existing_loggers": True, "root": {"level": "ERROR"}}
