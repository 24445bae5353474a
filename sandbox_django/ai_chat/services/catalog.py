"""Which models there are, and which one answers."""

import time

import httpx
import structlog
from django.conf import settings
from django.db import transaction

from ai_chat.models import ChatSession, LanguageModel, Preference
from ai_chat.services.errors import NoServerError

logger = structlog.get_logger("ai_chat")

SECONDS = 3
_RETRY_AFTER = 15
_last_attempt = 0.0


def sync_models() -> dict[str, list[str]]:
    """Asks every LLM server for its models and keeps them.

    Returns:
        `models` that are served now, and which of them are `added` or `deactivated`.

    Raises:
        NoServerError: None of the servers answers.
    """
    found: dict[str, dict[str, object]] = {}
    answered = False
    for url in settings.LLM_SERVER_URLS:
        try:
            response = httpx.get(f"{url}/v1/models", timeout=SECONDS)
            response.raise_for_status()
            cards = response.json()["data"]
        except (httpx.HTTPError, ValueError, KeyError) as error:
            logger.warning("LLM server has no models", server=url, error=repr(error))
            continue
        answered = True
        for card in cards:
            kept = found.setdefault(str(card["id"])[:200], {"servers": [], **_facts(card)})
            kept["servers"].append(url)  # type: ignore[attr-defined]  # the list of the line above
    if not answered:
        raise NoServerError
    return _keep(found)


def _facts(card: dict[str, object]) -> dict[str, object]:
    return {
        "owned_by": str(card.get("owned_by") or "")[:200],
        "supports_tools": bool(card.get("supports_tools", True)),
    }


@transaction.atomic
def _keep(found: dict[str, dict[str, object]]) -> dict[str, list[str]]:
    known = {model.name: model for model in LanguageModel.objects.select_for_update()}
    added = [name for name in found if name not in known or not known[name].is_active]
    gone = [name for name, model in known.items() if model.is_active and name not in found]
    for name, facts in found.items():
        LanguageModel.objects.update_or_create(name=name, defaults={**facts, "is_active": True})
    LanguageModel.objects.filter(name__in=gone).update(is_active=False)
    return {"models": list(found), "added": added, "deactivated": gone}


def ensure_models() -> None:
    """Synchronises if no model is known; at most every 15 seconds."""
    global _last_attempt
    if LanguageModel.objects.filter(is_active=True).exists():
        return
    if time.monotonic() - _last_attempt < _RETRY_AFTER and _last_attempt:
        return
    _last_attempt = time.monotonic()
    try:
        sync_models()
    except NoServerError:
        logger.warning("No models: no LLM server answers")


class Choice:
    """The models that are served, as one request needs them: one query for any number of sessions."""

    def __init__(self, user_pk: int | None = None) -> None:
        self.models = {model.name: model for model in LanguageModel.objects.filter(is_active=True)}
        preferred = (
            Preference.objects.filter(user_id=user_pk).values_list("default_model__name", flat=True).first()
            if user_pk is not None
            else None
        )
        self.wanted_default = str(preferred or settings.LLM_DEFAULT_MODEL)

    @property
    def default(self) -> str:
        """The model that answers when a session names none; empty if none is served."""
        for name in (self.wanted_default, str(settings.LLM_DEFAULT_MODEL)):
            if name in self.models:
                return name
        return next(iter(self.models), "")

    def effective(self, session: ChatSession) -> str:
        """The model that answers in a session; empty if none is served."""
        return session.model if session.model in self.models else self.default

    def notice(self, session: ChatSession | None = None) -> str:
        """What the person should know about the model, or nothing."""
        wanted = (session.model if session else "") or self.wanted_default
        actual = self.effective(session) if session else self.default
        if wanted == actual:
            return ""
        if not actual:
            return "No model is served: start the LLM server, then synchronise the models."
        return f"{wanted} is not served here; {actual} answers instead."
