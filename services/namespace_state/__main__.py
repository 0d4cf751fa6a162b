"""`python -m services.namespace_state`."""

from namespace.runtime import main
from services.namespace_state.service import SERVICE

if __name__ == "__main__":
    main(SERVICE)
