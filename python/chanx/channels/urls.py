"""URLs of the documentation: ``path("asyncapi/", include("chanx.channels.urls"))``."""

from django.urls import path

from chanx.channels.views import AsyncAPIDocsView, AsyncAPIIndexView, AsyncAPISchemaView

urlpatterns = [
    path("", AsyncAPIIndexView.as_view(), name="asyncapi"),
    path("schema/", AsyncAPISchemaView.as_view(), name="asyncapi_schema"),
    path("docs/", AsyncAPIDocsView.as_view(), name="asyncapi_docs"),
]
