"""The key figures of ISO 22400-2, which of them `oee` computes, and why not the others.

The 34 of the standard, in its order, and two that are widely used and not in it. The formulas use the standard's
elements; `oee` holds a function for every figure that is computed, and a test holds the two lists together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KpiContract:
    """One key figure.

    Attributes:
        id: Its name in answers.
        title: Its name in the standard.
        formula: From elements.
        number: In the order of ISO 22400-2; None for one that is not in it.
        missing: Why it is not computed; empty where it is.
    """

    id: str
    title: str
    formula: str
    number: int | None
    missing: str = ""


_QUALITY = "capability needs measured characteristics: a figure of the quality service"
_MATERIAL = "needs consumed, stored and lost material: figures of inventory and genealogy"

KPIS: tuple[KpiContract, ...] = (
    KpiContract(
        "worker_efficiency", "Worker efficiency", "APWT / APAT", 1, "attendance of persons is not in the namespace"
    ),
    KpiContract("allocation_ratio", "Allocation ratio", "sum AUBT / AOET", 2),
    KpiContract("throughput_rate", "Throughput rate", "PQ / AOET, per hour", 3),
    KpiContract("allocation_efficiency", "Allocation efficiency", "AUBT / PBT", 4),
    KpiContract("utilization_efficiency", "Utilization efficiency", "APT / AUBT", 5),
    KpiContract("oee", "Overall equipment effectiveness index", "availability x effectiveness x quality ratio", 6),
    KpiContract("nee", "Net equipment effectiveness index", "(AUPT / PBT) x effectiveness x quality ratio", 7),
    KpiContract("availability", "Availability", "APT / PBT", 8),
    KpiContract("effectiveness", "Effectiveness", "sum PRI x PQ / APT", 9),
    KpiContract("quality_ratio", "Quality ratio", "GQ / PQ", 10),
    KpiContract("setup_ratio", "Setup ratio", "AUST / AUPT", 11),
    KpiContract("technical_efficiency", "Technical efficiency", "APT / (APT + ADET)", 12),
    KpiContract("production_process_ratio", "Production process ratio", "sum APT / AOET", 13),
    KpiContract(
        "planned_scrap_ratio",
        "Actual to planned scrap ratio",
        "SQ / PSQ",
        14,
        "no planned scrap quantity in job orders",
    ),
    KpiContract(
        "first_pass_yield",
        "First pass yield",
        "GP / IP",
        15,
        "needs serialised parts with their rework: genealogy and quality",
    ),
    KpiContract("scrap_ratio", "Scrap ratio", "SQ / PQ", 16),
    KpiContract("rework_ratio", "Rework ratio", "RQ / PQ", 17, "machines count defective units, not reworked ones"),
    KpiContract("fall_off_ratio", "Fall off ratio", "SQ / PQ of the first operation", 18),
    KpiContract("cm", "Machine capability index", "Cm", 19, _QUALITY),
    KpiContract("cmk", "Critical machine capability index", "Cmk", 20, _QUALITY),
    KpiContract("cp", "Process capability index", "Cp", 21, _QUALITY),
    KpiContract("cpk", "Critical process capability index", "Cpk", 22, _QUALITY),
    KpiContract(
        "energy", "Comprehensive energy consumption", "total energy / PQ", 23, "no energy meters in the site file"
    ),
    KpiContract("inventory_turns", "Inventory turns", "TH / average inventory", 24, "a figure of inventory"),
    KpiContract("finished_goods_ratio", "Finished goods ratio", "GQ / CM", 25, _MATERIAL),
    KpiContract("integrated_goods_ratio", "Integrated goods ratio", "IGQ / CM", 26, _MATERIAL),
    KpiContract("production_loss_ratio", "Production loss ratio", "PL / CM", 27, _MATERIAL),
    KpiContract("storage_loss_ratio", "Storage and transportation loss ratio", "STL / CM", 28, _MATERIAL),
    KpiContract("other_loss_ratio", "Other loss ratio", "OL / CM", 29, _MATERIAL),
    KpiContract(
        "equipment_load_ratio", "Equipment load ratio", "PQ / EPC", 30, "no rated capacity (EPC) in the site file"
    ),
    KpiContract("mtbf", "Mean operating time between failures", "sum TBF / (FE + 1), in hours", 31),
    KpiContract(
        "mttf", "Mean time to failure", "sum TTF / (FE + 1)", 32, "needs replaced assets: a figure of maintenance"
    ),
    KpiContract("mttr", "Mean time to restoration", "sum TTR / (FE + 1), in hours", 33),
    KpiContract(
        "corrective_maintenance_ratio",
        "Corrective maintenance ratio",
        "CMT / (CMT + PMT)",
        34,
        "a figure of maintenance",
    ),
    KpiContract("teep", "Total effective equipment performance", "OEE x PBT / calendar time", None),
    KpiContract("ooe", "Overall operations effectiveness", "(APT / POT) x effectiveness x quality ratio", None),
    KpiContract("mtbf_per_failure", "Operating time per failure", "sum TBF / FE, in hours", None),
    KpiContract("mttr_per_failure", "Restoration time per failure", "sum TTR / FE, in hours", None),
)
