"""`python -m services.oee`."""

from namespace.runtime import main
from services.oee.service import SERVICE

if __name__ == "__main__":
    main(SERVICE)
