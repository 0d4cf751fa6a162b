"""The hierarchy of the fake site: three bottling lines, blending, utilities."""

from services.console.ports import Place, Site

SITE = "Acme/Dallas"
LINES: dict[str, tuple[str, ...]] = {
    "Packaging/Line1": ("Depalletizer", "Rinser", "Filler", "Capper", "Labeler", "CasePacker", "Palletizer"),
    "Packaging/Line2": ("Filler", "Capper", "Labeler", "CasePacker"),
    "Packaging/Line3": ("Filler", "Capper", "Labeler"),
    "Processing/Blending": ("Mixer1", "Mixer2", "BufferTank"),
    "Utilities/CompressedAir": ("Compressor1", "Compressor2"),
}
PRODUCTS = ("Lemon 0.5 L PET", "Orange 0.5 L PET", "Still water 1.0 L PET", "Cola zero 0.33 L can")
FAULTS = ("Infeed jam", "Cap magazine empty", "Label roll change", "Guard door open", "Low air pressure")


def demo_site() -> Site:
    """Return the hierarchy of the fake site."""
    places = [
        Place("Acme", "Acme", "Enterprise", "Enterprise", ""),
        Place(SITE, "Dallas", "Site", "Site", "Beverage plant, bottling and processing"),
    ]
    areas: dict[str, str] = {
        "Packaging": "Bottling lines",
        "Processing": "Syrup and blending",
        "Utilities": "Air, steam, water",
        "Warehouse": "Finished goods",
    }
    for area, text in areas.items():
        places.append(Place(f"{SITE}/{area}", area, "Area", "Area", text))
        for line, units in LINES.items():
            if line.startswith(area + "/"):
                kind = "ProductionLine" if area == "Packaging" else "ProcessCell"
                places.append(Place(f"{SITE}/{line}", line.split("/")[1], "WorkCenter", kind, ""))
                unit_kind = "WorkCell" if area == "Packaging" else "Unit"
                places += [Place(f"{SITE}/{line}/{unit}", unit, "WorkUnit", unit_kind, "") for unit in units]
    return Site(SITE, "America/Chicago", tuple(places))
