"""Data in, plotly figure or folium map out; no Streamlit."""
