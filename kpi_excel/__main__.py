"""``python -m kpi_excel``."""

import sys

from kpi_excel.cli import main

sys.exit(main())
