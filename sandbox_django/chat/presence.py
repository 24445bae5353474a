"""Who is online in a group: kept in the database, so that it is right over windows, processes and crashes.

None of these functions tells anybody; they say what there is to tell.
"""

from accounts.models import User
from django.db.models import QuerySet
from django.utils import timezone

from chat.models import ChatPresence


def arrive(group_pk: int, user_pk: int, channel: str) -> bool:
    """Notes a connection; whether it is the user's only one."""
    was_online = _windows(group_pk, user_pk).exists()
    ChatPresence.objects.create(group_chat_id=group_pk, user_id=user_pk, channel=channel)
    return not was_online


def depart(group_pk: int, user_pk: int, channel: str) -> bool:
    """Forgets a connection; whether the user is offline now."""
    gone, _ = ChatPresence.objects.filter(channel=channel).delete()
    return bool(gone) and not _windows(group_pk, user_pk).exists()


def beat(group_pk: int, user_pk: int, channel: str) -> tuple[bool, list[str]]:
    """Gives a connection's sign of life, and forgets those of the group that give none any more.

    Returns:
        Whether the user is online anew (after the process slept, say), and the names of those who are offline now.
    """
    now = timezone.now()
    anew = not ChatPresence.objects.filter(channel=channel).update(seen_at=now) and arrive(
        group_pk, user_pk, channel
    )
    stale = ChatPresence.objects.filter(group_chat=group_pk).stale()
    users = set(stale.values_list("user_id", flat=True))
    if not users:
        return anew, []
    stale.delete()
    still = ChatPresence.objects.filter(group_chat=group_pk, user__in=users).alive()
    gone = User.objects.filter(pk__in=users - set(still.values_list("user_id", flat=True)))
    return anew, list(gone.values_list("username", flat=True))


def online(group_pk: int) -> list[str]:
    """The names of the members who have the group open, each once."""
    alive = ChatPresence.objects.filter(group_chat=group_pk).alive()
    names = alive.order_by("user__username").values_list("user__username", flat=True)
    return list(names.distinct())


def _windows(group_pk: int, user_pk: int) -> QuerySet[ChatPresence]:
    return ChatPresence.objects.filter(group_chat=group_pk, user=user_pk).alive()
