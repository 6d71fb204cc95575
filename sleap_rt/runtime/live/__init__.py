"""Results as they come: how late they are, and who gets them."""

from sleap_rt.runtime.live.json_lines import JsonLines, NobodyReadsError
from sleap_rt.runtime.live.latency import Figures, Latencies
from sleap_rt.runtime.live.result import LiveResult, Outlet

__all__ = ["Figures", "JsonLines", "Latencies", "LiveResult", "NobodyReadsError", "Outlet"]
