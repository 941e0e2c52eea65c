/* Zones on a Leaflet map: geometry is fetched once, a change of plan sends values only.
 *
 * mount() is called by the map's own script, paint() by the small feature group that streamlit-folium
 * evaluates whenever the values change. A paint that arrives before the geometry waits for it.
 */
(function () {
  "use strict";

  const state = { map: null, layer: null, order: [], pending: null, payload: null, tip: null };
  const OUTLINE = { color: "#5b6470", weight: 0.6, opacity: 0.8 };
  const CHOSEN = { color: "#111827", weight: 3, opacity: 1 };
  const NEIGHBOUR = { color: "#111827", weight: 1.6, opacity: 0.9 };

  function mix(low, high, share) {
    return Math.round(low + (high - low) * share);
  }

  /* Colour of a share in [0, 1] on a list of "#rrggbb" stops at equal distances. */
  function colour(stops, share) {
    const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
    const left = Math.min(Math.floor(place), stops.length - 2);
    const part = (at, index) => parseInt(stops[at].substr(1 + 2 * index, 2), 16);
    const rgb = [0, 1, 2].map((index) => mix(part(left, index), part(left + 1, index), place - left));
    return "rgb(" + rgb.join(",") + ")";
  }

  function fill(index) {
    const payload = state.payload;
    const value = payload ? payload.values[index] : null;
    if (value === null || value === undefined) {
      return { fillColor: "#d9dce1", fillOpacity: 0.45 };
    }
    const span = payload.high - payload.low;
    const linear = span > 0 ? (value - payload.low) / span : 0;
    const share = payload.root ? Math.sqrt(Math.max(linear, 0)) : linear;
    return { fillColor: colour(payload.stops, share), fillOpacity: payload.opacity };
  }

  function stroke(index) {
    const payload = state.payload;
    if (payload && payload.chosen === index) return CHOSEN;
    if (payload && payload.near.indexOf(index) >= 0) return NEIGHBOUR;
    return OUTLINE;
  }

  function label(index) {
    const payload = state.payload;
    const box = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = state.names[index];
    box.appendChild(name);
    if (payload) {
      const value = payload.values[index];
      const line = document.createElement("div");
      const known = value !== null && value !== undefined;
      line.textContent = payload.label + ": " + (payload.texts ? payload.texts[index] :
        known ? value.toLocaleString("en-GB", { maximumFractionDigits: payload.digits }) + " " + payload.unit : "not known");
      box.appendChild(line);
    }
    return box;
  }

  function restyle() {
    if (!state.layer) return;
    state.order.forEach((path, index) => path.setStyle(Object.assign({}, stroke(index), fill(index))));
    if (state.payload && state.payload.chosen !== null) state.order[state.payload.chosen].bringToFront();
    document.body.setAttribute("data-painted", state.payload ? state.payload.stamp : "");
  }

  function choose(id) {
    const shared = window.__GLOBAL_DATA__;
    if (shared) shared.last_object_clicked_tooltip = id;
  }

  function draw(asset) {
    const planar = state.map.options.crs === L.CRS.Simple;
    state.names = asset.names;
    state.layer = L.geoJSON(
      { type: "FeatureCollection", features: asset.features },
      {
        renderer: L.canvas({ padding: 0.3 }),
        style: OUTLINE,
        onEachFeature: (feature, path) => {
          const index = state.order.length;
          state.order.push(path);
          path.on("click", () => choose(asset.ids[index]));
          path.on("mouseover", (event) => state.tip.setLatLng(event.latlng).setContent(label(index)).openOn(state.map));
          path.on("mousemove", (event) => state.tip.setLatLng(event.latlng));
          path.on("mouseout", () => state.map.closeTooltip(state.tip));
        },
      }
    ).addTo(state.map);
    state.map.fitBounds(state.layer.getBounds(), { animate: false, padding: planar ? [4, 4] : [8, 8] });
    restyle();
  }

  window.patrolMap = {
    mount: function (map, source) {
      state.map = map;
      state.order = [];
      state.layer = null;
      state.tip = L.tooltip({ sticky: true, direction: "top", opacity: 0.95 });
      map.getContainer().style.background = "#f4f5f7";
      (source.url ? fetch(source.url).then((answer) => {
        if (!answer.ok) throw new Error("zones answered " + answer.status);
        return answer.json();
      }) : Promise.resolve(source.inline)).then(draw).catch((error) => {
        const box = document.createElement("div");
        box.setAttribute("role", "alert");
        box.style.cssText = "position:absolute;z-index:999;top:8px;left:50px;background:#fff;padding:8px";
        box.textContent = "The zones could not be drawn (" + error.message + "). Reload the page.";
        map.getContainer().appendChild(box);
      });
    },
    paint: function (payload) {
      state.payload = payload;
      restyle();
    },
  };
})();
