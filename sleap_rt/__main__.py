"""`python -m sleap_rt`: the same program as `sleap-nn`."""

from sleap_rt.cli import main

if __name__ == "__main__":
    main()
