"""`python -m services.console`: the console of one site."""

from namespace.runtime import main
from services.console.service import SERVICE

if __name__ == "__main__":
    main(SERVICE)
