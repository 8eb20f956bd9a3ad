"""Every address of the console."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import RedirectView

from console import dashboard, health, latency, vitals
from integrations.admin import trail
from integrations.pages import views
from integrations.webhooks import view

admin.site.index_title = "Dashboard"

urlpatterns = [
    path("", login_not_required(RedirectView.as_view(pattern_name="admin:index"))),
    path("hooks/<slug:slug>/", view.receive, name="hook"),
    path("essays/id/<int:pk>/", views.essay_by_id, name="essay_by_id"),
    path("essays/id/<int:pk>/cover/", views.cover, name="essay_cover"),
    path("essays/<str:slug>/", views.essay, name="essay"),
    path("properties/<int:pk>/", views.property_page, name="property"),
    path("fragments/<slug:kind>/<int:pk>/", views.fragment, name="fragment"),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("health/", health.health, name="health"),
    path("admin/live/", admin.site.admin_view(dashboard.live), name="dashboard_live"),
    path("admin/trail/<uuid:correlation_id>/", admin.site.admin_view(trail.page), name="trail"),
    path("admin/console/", admin.site.admin_view(vitals.page), name="vitals"),
    path("admin/latency/", admin.site.admin_view(latency.page), name="latency"),
    path("admin/latency/live/", admin.site.admin_view(latency.live), name="latency_live"),
    path("admin/latency/<slug:chart>.csv", admin.site.admin_view(latency.figures), name="latency_csv"),
    # Django's “view on site” tells any member of staff which rows exist; nothing here uses it.
    path("admin/r/<path:row>", dashboard.no_such_page),
    path("admin/", admin.site.urls),
]
