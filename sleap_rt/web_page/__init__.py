"""An exported model -> a page that runs it in a browser: its files, and a server on this machine.

description  what the page needs to know of the model
content      name of each file -> what is in it
server       serves them to this machine alone

The page's own files are built from `web/` in the checkout into `static/`, by `make web`.
"""
