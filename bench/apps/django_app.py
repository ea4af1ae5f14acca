"""A Django view behind the two middlewares nearly every project keeps."""

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import path


def hello(request):
    return HttpResponse('Hello, World!\n', content_type='text/plain')


settings.configure(
    ALLOWED_HOSTS=['*'],
    SECRET_KEY='only for measuring',
    # The patterns themselves: this file has another module name under each server.
    ROOT_URLCONF=(path('', hello),),
    MIDDLEWARE=[
        'django.middleware.security.SecurityMiddleware',
        'django.middleware.common.CommonMiddleware',
    ],
)
application = get_wsgi_application()
