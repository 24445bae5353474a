from django.urls import path

from system.views import SendView, SystemView

urlpatterns = [
    path("", SystemView.as_view(), name="system"),
    path("send/", SendView.as_view(), name="system-send"),
]
