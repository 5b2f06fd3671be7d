"""What two archives, or images, differ in: cells, trials, every number, forms, and what they say of themselves."""

from nb201store.difference.comparing import diff
from nb201store.difference.report import Difference, GroupDifference, MetricDifference

__all__ = ["Difference", "GroupDifference", "MetricDifference", "diff"]
