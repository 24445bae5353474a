"""Static files for every ASGI server, in development as well."""

from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile


class StaticFilesMiddleware(WhiteNoiseMiddleware):
    """WhiteNoise whose answers are read whole.

    Django warns of, and copies in a thread, each synchronous file iterator that it streams under
    ASGI; the sandbox's files are small, so reading them at once is both quieter and quicker.
    """

    @staticmethod
    # WhiteNoise's own middleware departs from its base class in the same way.
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:  # type: ignore[override]
        """The file's answer, or the 304 or 416 that it calls for."""
        answer = static_file.get_response(request.method, request.META)
        if answer.file is None:
            content = b""
        else:
            with answer.file:
                content = answer.file.read()
        response = HttpResponse(content, status=int(answer.status))
        del response["Content-Type"]
        for name, value in answer.headers:
            response[name] = value
        return response
