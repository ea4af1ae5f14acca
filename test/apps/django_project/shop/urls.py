import hashlib

from django.contrib import admin
from django.http import HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt


def hello(request):
    return HttpResponse("Hello from Django", content_type="text/plain")


@csrf_exempt
def upload(request):
    file = request.FILES["file"]
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    return JsonResponse({"name": file.name, "size": file.size, "sha256": digest.hexdigest()})


def stream(request):
    return StreamingHttpResponse((f"line {n}\n" for n in range(5)), content_type="text/plain")


urlpatterns = [
    path("", hello),
    path("upload", upload),
    path("stream", stream),
    path("admin/", admin.site.urls),
]
