"""A model's failure in words for the person who asked."""

import openai
import structlog

logger = structlog.get_logger("assistants")


def explain_failure(error: BaseException) -> str:
    """What to tell; the details go to the log."""
    if isinstance(error, openai.OpenAIError):
        logger.warning("model_failed", error=repr(error))
    else:
        logger.error("answer_failed", exc_info=error)
    if isinstance(error, openai.AuthenticationError):
        return "The model refuses the key: check OPENAI_API_KEY."
    if isinstance(error, openai.RateLimitError):
        return "The model is overloaded, or its quota is used up. Try again later."
    if isinstance(error, openai.APIConnectionError):
        return "The model does not answer. Try again in a moment."
    return "The answer failed. Try again."
