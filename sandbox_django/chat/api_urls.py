"""REST addresses of the groups."""

from rest_framework.routers import SimpleRouter

from chat.views.api import GroupChatViewSet
from chat.views.invitations import InvitationViewSet
from chat.views.of_group import ChatMemberViewSet, ChatMessageViewSet, GroupInvitationViewSet

router = SimpleRouter(use_regex_path=False)
router.register("groups", GroupChatViewSet, "api-group")
router.register("groups/<int:group_pk>/members", ChatMemberViewSet, "api-group-member")
router.register("groups/<int:group_pk>/messages", ChatMessageViewSet, "api-group-message")
router.register("groups/<int:group_pk>/invitations", GroupInvitationViewSet, "api-group-invitation")
router.register("invitations", InvitationViewSet, "api-invitation")

urlpatterns = router.urls
