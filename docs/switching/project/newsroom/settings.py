"""Settings of the newsroom: an existing project on Django Channels."""

import os

SECRET_KEY = "only for this example"
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = ["channels", "newsroom"]
ASGI_APPLICATION = "newsroom.asgi.application"
DATABASES = {}
USE_TZ = True

CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        "CONFIG": {
            "hosts": [os.environ.get("REDIS_URL", "redis://localhost:6379/0")],
            "prefix": "newsroom",
            "capacity": 500,
            "symmetric_encryption_keys": [SECRET_KEY],
        },
    },
}
