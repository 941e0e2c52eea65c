"""What leaves the program: CSV and JSON tables, GeoJSON zones, and one self-contained HTML report."""
