"""What sessions and presets have in common: how answers are made."""

from typing import ClassVar

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

MAX_TEXT = 16_000
MAX_TOKENS = 32_768


def default_temperature() -> float:
    """LLM_TEMPERATURE."""
    return float(settings.LLM_TEMPERATURE)


def default_max_tokens() -> int:
    """LLM_MAX_TOKENS."""
    return int(settings.LLM_MAX_TOKENS)


def default_tools() -> list[str]:
    """Every tool, if LLM_ENABLE_TOOLS."""
    from ai_chat.services.tools import TOOLS

    return list(TOOLS) if settings.LLM_ENABLE_TOOLS else []


class GenerationSettings(models.Model):
    """Model, temperature, length, system prompt and tools."""

    model = models.CharField(max_length=200, blank=True, help_text="Empty: the default")
    temperature = models.FloatField(
        default=default_temperature, validators=[MinValueValidator(0), MaxValueValidator(2)]
    )
    max_tokens = models.PositiveIntegerField(
        default=default_max_tokens, validators=[MinValueValidator(1), MaxValueValidator(MAX_TOKENS)]
    )
    system_prompt = models.TextField(blank=True, max_length=MAX_TEXT)
    tools = models.JSONField(default=default_tools, blank=True)

    FIELDS: ClassVar[tuple[str, ...]] = ("model", "temperature", "max_tokens", "system_prompt", "tools")

    class Meta:
        """Columns for others."""

        abstract = True
