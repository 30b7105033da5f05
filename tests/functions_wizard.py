"""What Calc's wizard tells of the KPI functions. Run by a Python that has uno: python functions_wizard.py PIPE.

Prints name, description and arguments of each as JSON.
"""

import json
import sys

from functions_basic import office_at, service


def main(pipe):
    """Ask the office for the descriptions of all functions, and write those of ours."""
    office, told = office_at(pipe), {}
    descriptions = service(office, "sheet.FunctionDescriptions")
    for place in range(descriptions.Count):
        of = {one.Name: one.Value for one in descriptions.getByIndex(place)}
        if of["Name"].startswith("KPI_"):
            told[of["Name"]] = [of["Description"], [[one.Name, one.Description] for one in of["Arguments"] or ()]]
    print(json.dumps(told))
    service(office, "frame.Desktop").terminate()


if __name__ == "__main__":
    main(sys.argv[1])
