from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path, re_path

from shared import blocks, client_of, digest_of, endless, fields_of, two_parts

settings.configure(SECRET_KEY="only for the tests", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[])


def echo(request):
    environ = request.environ
    # Django takes a request without Content-Length for one without a body.
    source = request if "CONTENT_LENGTH" in environ else environ["wsgi.input"]
    return JsonResponse(
        {
            "method": request.method,
            "root": environ["SCRIPT_NAME"],
            "path": environ["PATH_INFO"],
            "query": environ["QUERY_STRING"],
            "understood": request.path_info,
            "scheme": request.scheme,
            "host": request.get_host(),
            "fields": fields_of(request.headers.items()),
            "body": digest_of(source.read),
        }
    )


def client(request):
    return JsonResponse(client_of(request.environ))


def big(request):
    size = int(request.GET["size"])
    answer = StreamingHttpResponse(blocks(size), content_type="application/octet-stream")
    answer["Content-Length"] = str(size)
    return answer


def chunked(request):
    return StreamingHttpResponse(blocks(int(request.GET["size"])), content_type="application/octet-stream")


def stream(request):
    return StreamingHttpResponse(two_parts(request.environ, request.GET["name"]), content_type="text/plain")


def without_end(request):
    answer = endless(request.environ, request.GET["name"])
    return StreamingHttpResponse(answer, content_type="application/octet-stream")


def status(request, code):
    body = "" if code in (204, 304) else f"status {code}"
    answer = HttpResponse(body, status=code, content_type="text/plain")
    answer["X-Test-Chosen"] = "yes"
    return answer


def fields(request):
    answer = HttpResponse("fields", content_type="text/plain")
    answer["X-Test-Latin"] = "caf\xe9 \xff"
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


def away(request):
    return HttpResponseRedirect("/django/echo/")


urlpatterns = [
    re_path("^echo/", echo),
    path("client", client),
    path("big", big),
    path("chunked", chunked),
    path("stream", stream),
    path("endless", without_end),
    path("status/<int:code>", status),
    path("fields", fields),
    path("redirect", away),
]

application = get_wsgi_application()
