"""Run the simulator: `python -m services.simulator`."""

from namespace.runtime import main
from services.simulator.service import SERVICE

if __name__ == "__main__":
    main(SERVICE)
