"""`python -m services.work_order`: the work order service of one site."""

from namespace.runtime import main
from services.work_order.service import SERVICE

if __name__ == "__main__":
    main(SERVICE)
