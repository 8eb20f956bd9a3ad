"""Every product at its own paths, with the same articles: Wagtail, WordPress, Ghost, Directus, Strapi, MediaWiki."""

from __future__ import annotations

from django.urls import path

from integrations.systems.cms import (
    sandbox_directus,
    sandbox_ghost,
    sandbox_mediawiki,
    sandbox_strapi,
    sandbox_wagtail,
    sandbox_wordpress,
)
from integrations.systems.cms.sandbox_articles import cover

urlpatterns = [
    path("api/v2/pages/", sandbox_wagtail.pages),
    path("wp-json/wp/v2/posts", sandbox_wordpress.posts),
    path("wp-json/wp/v2/users/me", sandbox_wordpress.me),
    path("wp-json/wp/v2/<str:rest>", sandbox_wordpress.unknown),
    path("ghost/api/content/<str:resource>/", sandbox_ghost.browse),
    path("items/<str:collection>", sandbox_directus.items),
    path("api/articles", sandbox_strapi.entries),
    path("api/<str:collection>", sandbox_strapi.unknown),
    path("api.php", sandbox_mediawiki.api),
    path("media/<int:number>.svg", cover),
]
