"""Pages of lists over REST."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """Fifty at a time; the client may ask for up to 200."""

    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200
