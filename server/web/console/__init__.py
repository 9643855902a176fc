"""The staff console: a browser's way to the same doors that phones, tills and other systems use.

In: the API as an ASGI application, the news of the bus, how the map looks. Out: an ASGI application for everything that is not the API's.
The console has no SQL and no rules of its own: every page asks and acts through `Api`, with the token of whoever is logged in, so that a
role, a refusal or a line in the audit log is the same here as everywhere. One file a page (pages/), found by its folder; one look
(theme.py, static/theme.css); one catalogue of words a page and language (languages/).
"""
