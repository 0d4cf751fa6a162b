"""`python -m services.historian`."""

from namespace.runtime import main
from services.historian.service import SERVICE

if __name__ == "__main__":
    main(SERVICE)
