"""Whether the LLM servers answer, and a user's numbers."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
from config.certain import member
from django.conf import settings
from django.db.models import Count, Q
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ai_chat.models import ChatSession, Message
from ai_chat.schemas import HealthSerializer, StatsSerializer
from ai_chat.services.catalog import Choice, ensure_models
from ai_chat.views.access import ChatView

SECONDS = 3


class ServerHealthView(APIView):
    """Public; tells no addresses."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: HealthSerializer, 503: HealthSerializer})
    def get(self, request: Request) -> Response:
        """200 when all servers answer or some do, 503 when none does."""
        urls = settings.LLM_SERVER_URLS
        with ThreadPoolExecutor(min(8, len(urls))) as threads:
            servers = list(threads.map(_server, urls))
        healthy = sum(server["status"] == "healthy" for server in servers)
        state = "healthy" if healthy == len(servers) else "degraded" if healthy else "unhealthy"
        if healthy:
            ensure_models()
        choice = Choice()
        body = {
            "status": state,
            "servers": servers,
            "default_model": settings.LLM_DEFAULT_MODEL,
            "effective_model": choice.default,
            "notice": choice.notice(),
        }
        return Response(body, status.HTTP_200_OK if healthy else status.HTTP_503_SERVICE_UNAVAILABLE)


def _server(url: str) -> dict[str, Any]:
    try:
        response = httpx.get(f"{url}/health", timeout=SECONDS)
        response.raise_for_status()
        body = response.json()
        return {
            "status": "healthy" if body["status"] == "ok" else "unreachable",
            "models": [str(name) for name in body.get("models", ())],
            "active": int(body.get("active", 0)),
        }
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return {"status": "unreachable", "models": [], "active": 0}


class StatsView(ChatView):
    """What the user has here."""

    @extend_schema(responses=StatsSerializer)
    def get(self, request: Request) -> Response:
        """Counts of sessions, messages and answers by model."""
        sessions = ChatSession.objects.filter(user=member(request.user)).aggregate(
            sessions=Count("pk"), active_sessions=Count("pk", filter=Q(is_active=True))
        )
        messages = Message.objects.filter(session__user=member(request.user))
        counts = messages.aggregate(
            messages=Count("pk"),
            user_messages=Count("pk", filter=Q(role=Message.Role.USER)),
            assistant_messages=Count("pk", filter=Q(role=Message.Role.ASSISTANT)),
            failed_messages=Count("pk", filter=Q(status=Message.Status.FAILED)),
            streaming=Count("pk", filter=Q(status=Message.Status.STREAMING)),
        )
        by_model = messages.filter(role=Message.Role.ASSISTANT).values_list("model").annotate(Count("pk"))
        return Response({**sessions, **counts, "models": dict(by_model.order_by("model"))})
