"""Every address of the console."""

from django.contrib import admin
from django.urls import path

from integrations.webhooks import view

urlpatterns = [
    path("hooks/<slug:slug>/", view.receive, name="hook"),
    path("admin/", admin.site.urls),
]
