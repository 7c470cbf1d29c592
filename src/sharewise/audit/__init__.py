"""Looking at the data before training: balance, agreement, correlation and groups, leakage, lengths, power."""

from sharewise.audit.auditing import Plan, audit
from sharewise.audit.schema import Audit, Finding

__all__ = ["Audit", "Finding", "Plan", "audit"]
