"""`python -m evidense` is the `evidense` command."""

import os
import sys

if __name__ == "__main__":
    if sys.path[:1] == [os.getcwd()] and not sys.flags.safe_path:
        del sys.path[0]  # python -m puts the working folder there: a file in it is no module of ours
    from evidense.cli.main import main

    main()
