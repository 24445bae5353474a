"""Bodies that only answers have, for the OpenAPI document."""

from typing import Any

from rest_framework import serializers


class TokenSerializer(serializers.Serializer[Any]):
    """A token."""

    token = serializers.CharField()


class ServerHealthSerializer(serializers.Serializer[Any]):
    """One LLM server."""

    status = serializers.ChoiceField(choices=["healthy", "unreachable"])
    models = serializers.ListField(child=serializers.CharField())
    active = serializers.IntegerField()


class HealthSerializer(serializers.Serializer[Any]):
    """The LLM servers together."""

    status = serializers.ChoiceField(choices=["healthy", "degraded", "unhealthy"])
    servers = ServerHealthSerializer(many=True)
    default_model = serializers.CharField()
    effective_model = serializers.CharField()
    notice = serializers.CharField()


class StatsSerializer(serializers.Serializer[Any]):
    """A user's numbers."""

    sessions = serializers.IntegerField()
    active_sessions = serializers.IntegerField()
    messages = serializers.IntegerField()
    user_messages = serializers.IntegerField()
    assistant_messages = serializers.IntegerField()
    failed_messages = serializers.IntegerField()
    streaming = serializers.IntegerField()
    models = serializers.DictField(child=serializers.IntegerField())


class ToolSerializer(serializers.Serializer[Any]):
    """A tool."""

    name = serializers.CharField()
    description = serializers.CharField()


class ToolsSerializer(serializers.Serializer[Any]):
    """All tools."""

    tools = ToolSerializer(many=True)


class StoppedSerializer(serializers.Serializer[Any]):
    """Whether there was something to stop."""

    stopped = serializers.BooleanField()


class SyncSerializer(serializers.Serializer[Any]):
    """What a synchronisation found."""

    models = serializers.ListField(child=serializers.CharField())
    added = serializers.ListField(child=serializers.CharField())
    deactivated = serializers.ListField(child=serializers.CharField())
