"""The tests run on the services that were asked for."""

import os

import pytest
from channels.layers import get_channel_layer
from django.db import connection


@pytest.mark.django_db
def test_the_services_are_those_asked_for(pytestconfig):
    layer = type(get_channel_layer()).__name__
    if pytestconfig.getoption("--services") == "real":
        assert (connection.vendor, layer) == ("postgresql", "RedisChannelLayer")
    elif not any(os.environ.get(name) for name in ("DATABASE_URL", "REDIS_URL", "CHANNEL_LAYER_BACKEND")):
        assert (connection.vendor, layer) == ("sqlite", "InMemoryChannelLayer")
