"""A group and everyone of the tables in docs/authorisation.md."""

from django.core.cache import cache

from chat.models import ChatInvitation, ChatMember, ChatMessage, GroupChat
from chat.tests.factories import (
    ChatInvitationFactory,
    ChatMemberFactory,
    ChatMessageFactory,
    GroupChatFactory,
    UserFactory,
)

ROLES = {"member": "member", "administrator": "admin", "owner": "owner"}


class Crew:
    """The group `Crew` with one line, members of every role, and others of every role beside them."""

    def __init__(self) -> None:
        cache.clear()  # throttling counts there
        self.group = GroupChatFactory.create(title="Crew")
        self.public = GroupChatFactory.create(title="Public", is_public=True)
        names = ("other user", "invited", *ROLES, "site admin")
        self.users = {name: UserFactory.create(username=name.replace(" ", "_")) for name in names}
        staff = self.users["site admin"]
        staff.is_staff = staff.is_superuser = True
        staff.save()
        self.members = {name: self._member(self.users[name], role) for name, role in ROLES.items()}
        self.others = {name: self._member(UserFactory.create(), role) for name, role in ROLES.items()}
        self.invitation = ChatInvitationFactory.create(group_chat=self.group, user=self.users["invited"])
        self.newcomer = UserFactory.create(username="newcomer")
        self.line = ChatMessageFactory.create(group_chat=self.group, content="a line of the crew")

    def _member(self, user: object, role: str) -> ChatMember:
        member: ChatMember = ChatMemberFactory.create(group_chat=self.group, user=user, role=role)
        return member

    def state(self) -> tuple[object, ...]:
        """Everything that an operation could change."""
        return (
            list(GroupChat.objects.order_by("pk").values("pk", "title", "is_public")),
            list(ChatMember.objects.values("group_chat", "user", "role", "last_read_id")),
            list(ChatInvitation.objects.values("group_chat", "user")),
            list(ChatMessage.objects.values("group_chat", "sender", "content")),
        )
