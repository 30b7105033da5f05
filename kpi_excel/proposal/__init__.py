"""A first control workbook from a company's own exports."""

from kpi_excel.proposal.propose import Proposal, Recognised, propose

__all__ = ["Proposal", "Recognised", "propose"]
