"""Sphinx: `make docs` builds the pages into build/site, with every warning an error."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import django
from django.conf import settings

# The reference imports modules that read Django's settings.
settings.configure(
    INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "channels", "chanx.channels"],
    CHANNEL_LAYERS={"default": {"BACKEND": "chanx.layers.InMemoryChannelLayer"}},
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
)
django.setup()

import chanx  # noqa: E402  # after django.setup()

project = "chanx-native"
copyright = "the chanx-native authors"
version = release = chanx.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "index"
exclude_patterns = ["tutorial/projects", "switching"]
nitpicky = False  # types of Django, Channels and pydantic have no inventory without a network

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]

autodoc_default_options = {"members": True, "member-order": "bysource", "show-inheritance": True}
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_class_signature = "separated"
napoleon_numpy_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "chanx-native"
html_show_copyright = False
