"""`python -m evidense` is the `evidense` command."""

from evidense.cli.main import main

if __name__ == "__main__":
    main()
