"""Every address of the console."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from console import dashboard, health
from integrations.webhooks import view

admin.site.index_title = "Dashboard"

urlpatterns = [
    path("", login_not_required(RedirectView.as_view(pattern_name="admin:index"))),
    path("hooks/<slug:slug>/", view.receive, name="hook"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("health/", health.health, name="health"),
    path("admin/live/", admin.site.admin_view(dashboard.live), name="dashboard_live"),
    # Django's “view on site” tells any member of staff which rows exist; nothing here uses it.
    path("admin/r/<path:row>", dashboard.no_such_page),
    path("admin/", admin.site.urls),
]
