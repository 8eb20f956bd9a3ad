"""Every address of the console, and the bare view: what a Django view costs that stores what it was sent, and no more."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from console.urls import urlpatterns as console


class Bare(models.Model):
    """One row with the body."""

    received_at = models.DateTimeField(default=timezone.now)
    body = models.BinaryField()

    class Meta:
        app_label = "bench"


@csrf_exempt
@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    """One INSERT."""
    Bare._default_manager.create(body=request.body)
    return HttpResponse("Stored.\n")


urlpatterns = [path("bare/", bare), *console]
