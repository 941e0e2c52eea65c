"""The layers of the ONS Open Geography service that are used, each of one date."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from patrol_core.sources.open_data.arcgis_answers import Layer

#: Licence line of the ONS for boundaries.
ATTRIBUTION = (
    "Source: Office for National Statistics licensed under the Open Government Licence v3.0. Contains OS data © Crown "
    "copyright and database right."
)
#: The layers used, by what they hold. Give others to :class:`OnsGeography` when the ONS renames one. The further
#: fields of ``lsoa21_ward`` are ward code, ward name and name of the local authority, in this order.
LAYERS: Mapping[str, Layer] = MappingProxyType(
    {
        "lsoa21": Layer(
            "Lower_layer_Super_Output_Areas_December_2021_Boundaries_EW_BGC_V5",
            "LSOA21CD",
            "LSOA21NM",
            "LSOAs of December 2021",
            like=r"(LSOA|Lower_layer_Super_Output_Areas)_(Dec|December)_2021_.*EW_BGC.*",
        ),
        "lsoa11": Layer(
            "LSOA_Dec_2011_Boundaries_Generalised_Clipped_BGC_EW_V3",
            "LSOA11CD",
            "LSOA11NM",
            "LSOAs of December 2011",
        ),
        "ward": Layer(
            "Wards_December_2024_Boundaries_UK_BGC",
            "WD24CD",
            "WD24NM",
            "wards of December 2024",
            parent="LAD24CD",
        ),
        "lad": Layer(
            "Local_Authority_Districts_December_2024_Boundaries_UK_BGC",
            "LAD24CD",
            "LAD24NM",
            "local authorities of December 2024",
            like=r"(LAD|Local_Authority_Districts)_(DEC|December)_2024_.*UK_BGC.*",
        ),
        "force": Layer(
            "Police_Force_Areas_December_2023_EW_BGC",
            "PFA23CD",
            "PFA23NM",
            "police force areas of December 2023",
        ),
        "lsoa21_ward": Layer(
            "LSOA21_WD24_LAD24_EW_LU",
            "LSOA21CD",
            "LSOA21NM",
            "best fit of LSOAs to wards, 2024",
            fields=("WD24CD", "WD24NM", "LAD24NM"),
            parent="LAD24CD",
            shapes=False,
            like=r"LSOA21_WD24_LAD24_EW_LU.*",
        ),
        "lsoa11_lsoa21": Layer(
            "LSOA11_LSOA21_LAD22_EW_LU_v5",
            "LSOA11CD",
            "LSOA11NM",
            "LSOAs of 2011 and of 2021",
            pair="LSOA21CD",
            shapes=False,
            like=r"LSOA11_LSOA21_LAD22_EW_LU.*",
        ),
    }
)
