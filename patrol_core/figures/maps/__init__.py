"""Maps and drawings on a plane: zones (folium), roads, patrols and events (plotly), small maps (matplotlib)."""
