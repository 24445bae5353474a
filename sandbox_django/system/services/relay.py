"""The way of `manage.py notify` into a server whose channel layer lives in its own process.

The command signs the notice with SECRET_KEY and posts it to the server, on the same machine only;
each signature counts once and for half a minute. With a layer on Redis none of this is needed.
"""

import json
import secrets
import urllib.error
import urllib.request
from typing import Any

from channels.layers import get_channel_layer
from django.core import signing
from django.core.cache import cache

SALT = "system.notify"
MAX_AGE = 30
PATH = "/system/relay"


class RelayFailed(Exception):
    """The server did not take the notice; the text says why and what to do."""


def layer_is_shared() -> bool:
    """Whether another process reaches the same channel layer."""
    return "inmemory" not in type(get_channel_layer()).__name__.lower()


def sign(notice: dict[str, Any]) -> str:
    """The notice and a number used once, signed with SECRET_KEY."""
    return signing.dumps({"notice": notice, "once": secrets.token_hex(16)}, salt=SALT)


def verify(token: str) -> dict[str, Any]:
    """The notice that was signed.

    Raises:
        django.core.signing.BadSignature: Forged, too old, or taken before.
    """
    content = signing.loads(token, salt=SALT, max_age=MAX_AGE)
    if not cache.add(f"system.notify.{content['once']}", True, timeout=MAX_AGE * 2):
        raise signing.BadSignature("This signature was used before")
    notice: dict[str, Any] = content["notice"]
    return notice


def post(server: str, notice: dict[str, Any]) -> None:
    """Hands a notice to the running server.

    Raises:
        RelayFailed: No server answers there, or it refuses.
    """
    request = urllib.request.Request(
        server.rstrip("/") + PATH,
        data=json.dumps({"token": sign(notice)}).encode(),
        headers={"Content-Type": "application/json"},
    )
    # No proxy of the environment may stand between the command and this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(request, timeout=10).close()
    except urllib.error.HTTPError as error:
        body = error.read().decode(errors="replace")
        try:
            detail = str(json.loads(body)["detail"])
        except (ValueError, KeyError, TypeError):
            detail = f"{server} answered {error.code}; is it the sandbox?"
        raise RelayFailed(detail) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise RelayFailed(
            f"No sandbox answers at {server} ({reason}). The channel layer lives inside the "
            "server's process, so only the running server can reach its clients: start it "
            "(make sandbox), or name its address with --server. With a layer on Redis "
            "(REDIS_URL) this command needs no server."
        ) from error
