"""REST addresses of the discussion."""

from rest_framework.routers import SimpleRouter

from discussion.views.api import ReplyViewSet, TopicViewSet

router = SimpleRouter(use_regex_path=False)
router.register("topics", TopicViewSet, "api-topic")
router.register("topics/<int:topic_pk>/replies", ReplyViewSet, "api-reply")

urlpatterns = router.urls
