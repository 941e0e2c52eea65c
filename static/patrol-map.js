/* Maps of the dashboard: theme, size, names, labels, street tiles, and zones whose colours change.
 *
 * dress() and mount() are called by a map's own script, paint() by the small feature group that streamlit-folium
 * evaluates whenever the values change: geometry is fetched once, a change of plan sends values only. A paint that
 * arrives before the geometry waits for it.
 */
(function () {
  "use strict";

  const state = { map: null, layer: null, order: [], payload: null, tip: null, moved: false, seen: -1, bounds: null };
  const OUTLINE = { color: "#5b6470", weight: 0.6, opacity: 0.8 };
  const CHOSEN = { color: "#111827", weight: 3, opacity: 1 };
  const NEIGHBOUR = { color: "#111827", weight: 1.6, opacity: 0.9 };
  const LIGHT = { ground: "#f4f5f7", unknown: "#d9dce1", ink: "#1f2933", quiet: "#52606d", box: "#ffffff" };
  const DARK = { ground: "#1a222b", unknown: "#46515d", ink: "#f2f5f8", quiet: "#aab6c2", box: "#1c252f" };
  const NO_TILES = "\u0000no-tiles"; // what the program hears when street tiles cannot be had
  const MOST_LABELS = 70;
  let theme = null;

  /* ---- theme ---- */

  function dark() {
    if (theme) return theme === "dark";
    try {
      const app = window.parent.document.querySelector("[data-testid=stApp]");
      return getComputedStyle(app).colorScheme === "dark";
    } catch (error) {
      return false;
    }
  }

  function shades() {
    return dark() ? DARK : LIGHT;
  }

  window.addEventListener("message", (event) => {
    const said = event.data && event.data.type === "streamlit:render" && event.data.theme;
    if (!said || !said.base || said.base === theme) return;
    theme = said.base;
    if (state.map) look();
  });

  function look() {
    const tone = shades();
    const root = document.documentElement;
    Object.keys(tone).forEach((name) => root.style.setProperty("--" + name, tone[name]));
    root.style.colorScheme = dark() ? "dark" : "light";
    state.map.getContainer().style.background = tone.ground;
    restyle();
  }

  const SHEET = `
    .leaflet-container { font: 12px/1.4 "Source Sans", "Source Sans Pro", sans-serif; }
    .leaflet-bar a, .leaflet-bar a.leaflet-disabled, .leaflet-tooltip, .leaflet-control-attribution.leaflet-control,
    .leaflet-control-scale-line { background-color: var(--box) !important; color: var(--ink) !important; border-color: var(--quiet) !important;
      text-shadow: none !important; }
    .leaflet-tooltip-top::before { border-top-color: var(--box); }
    .leaflet-control-attribution a { color: var(--ink) !important; text-decoration: underline; }
    .leaflet-labels-pane { pointer-events: none; }
    .patrol-label { position: absolute; left: 0; top: 0; white-space: nowrap; color: #1f2933; font-weight: 600;
      text-shadow: 0 0 2px #fff, 0 0 2px #fff, 0 0 3px #fff, 0 0 3px #fff, 0 0 4px #fff; } /* zones are pale in both themes */
    .patrol-label.station { font-weight: 400; } .patrol-label.road { font-weight: 400; font-style: italic; }
    .patrol-label > span { display: inline-block; transform: translate(-50%, -50%); }
    .patrol-zones { position: absolute; z-index: 1000; top: 8px; right: 8px; width: 15rem; padding: 8px; border-radius: 6px;
      background: var(--box); color: var(--ink); box-shadow: 0 1px 6px rgba(0, 0, 0, 0.4); }
    .patrol-zones:not(:focus-within) { clip-path: inset(50%); width: 1px; height: 1px; padding: 0; overflow: hidden; }
    .patrol-zones select { width: 100%; margin-top: 4px; background: var(--box); color: var(--ink); font: inherit; }
    .patrol-note { position: absolute; z-index: 999; top: 8px; left: 50px; right: 50px; padding: 8px; border-radius: 6px;
      background: var(--box); color: var(--ink); font-size: 13px; }
    @media print { .leaflet-control-zoom, .patrol-zones { display: none; } }`;

  /* ---- what every map has: style, name, size, street tiles ---- */

  function named(title) {
    document.title = title;
    state.map.getContainer().setAttribute("role", "region");
    state.map.getContainer().setAttribute("aria-label", title);
    try {
      if (window.frameElement && window.frameElement.title !== title) window.frameElement.title = title;
    } catch (error) {
      /* a frame of another origin keeps its name */
    }
  }

  function note(text, role) {
    const box = document.createElement("div");
    box.className = "patrol-note";
    box.setAttribute("role", role);
    box.textContent = text;
    state.map.getContainer().appendChild(box);
  }

  function fit() {
    if (!state.bounds || !state.map.getContainer().offsetWidth) return;
    const planar = state.map.options.crs === L.CRS.Simple;
    state.fitting = true;
    state.map.fitBounds(state.bounds, { animate: false, padding: planar ? [4, 4] : [8, 8] });
    state.fitting = false;
  }

  function watchTiles(layer) {
    let had = 0, failed = 0;
    layer.on("tileload", () => { had += 1; });
    layer.on("tileerror", () => {
      failed += 1;
      if (had || failed < 2 || !state.map.hasLayer(layer)) return;
      state.map.removeLayer(layer);
      note("Street tiles cannot be had here (no internet?); the map goes on without them.", "status");
      choose(NO_TILES, state.map.getCenter());
    });
  }

  function dress(map, title) {
    state.map = map;
    const sheet = document.createElement("style");
    sheet.textContent = SHEET;
    document.head.appendChild(sheet);
    look();
    named(title);
    map.eachLayer((layer) => { if (layer instanceof L.TileLayer) watchTiles(layer); });
    map.on("dragstart zoomstart", () => { if (!state.fitting) state.moved = true; });
    new ResizeObserver(() => {
      map.invalidateSize({ animate: false, pan: false });
      if (!state.moved) fit();
    }).observe(map.getContainer());
  }

  /* ---- colours of zones ---- */

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
      return { fillColor: shades().unknown, fillOpacity: payload && payload.opacity < 0.9 ? 0.45 : 0.9 };
    }
    const span = payload.high - payload.low;
    const linear = span > 0 ? (value - payload.low) / span : 0;
    const share = payload.root ? Math.sqrt(Math.max(linear, 0)) : linear;
    return { fillColor: colour(payload.stops, share), fillOpacity: payload.opacity };
  }

  function stroke(index) {
    const payload = state.payload;
    if (state.seen === index || (payload && payload.chosen === index)) return CHOSEN;
    if (payload && payload.near.indexOf(index) >= 0) return NEIGHBOUR;
    return OUTLINE;
  }

  function restyle() {
    if (!state.layer) return;
    state.order.forEach((path, index) => path.setStyle(Object.assign({}, stroke(index), fill(index))));
    if (state.payload && state.payload.chosen !== null) state.order[state.payload.chosen].bringToFront();
    document.body.setAttribute("data-painted", state.payload ? state.payload.stamp : "");
  }

  function value(index) {
    const payload = state.payload;
    if (!payload) return "";
    if (payload.texts) return payload.texts[index];
    const known = payload.values[index];
    if (known === null || known === undefined) return "not known";
    return known.toLocaleString("en-GB", { maximumFractionDigits: payload.digits }) + " " + payload.unit;
  }

  function hover(index) {
    const box = document.createElement("div");
    const name = document.createElement("strong");
    name.textContent = state.names[index];
    box.appendChild(name);
    if (state.payload) {
      const line = document.createElement("div");
      line.textContent = state.payload.label + ": " + value(index);
      box.appendChild(line);
    }
    return box;
  }

  /* Tell the program what was chosen; from the keyboard there is no click that would carry it, so one is made. */
  function choose(id, at) {
    const shared = window.__GLOBAL_DATA__;
    if (!shared) return;
    shared.last_object_clicked_tooltip = id;
    if (at) state.map.fire("click", { latlng: at });
  }

  /* ---- the list of zones for keyboards and screen readers: seen while it has the focus ---- */

  function zoneList(ids) {
    const box = document.createElement("div");
    const label = document.createElement("label");
    const list = document.createElement("select");
    let filled = null;
    box.className = "patrol-zones";
    label.textContent = "Zones on the map, highest first: arrow keys look, Enter chooses";
    list.id = "patrol-zones";
    list.size = 9;
    label.htmlFor = list.id;
    list.add(new Option("zones", ""));
    box.append(label, list);

    function look_at(index) {
      const before = state.seen;
      state.seen = index;
      [before, index].forEach((at) => { if (at >= 0) state.order[at].setStyle(stroke(at)); });
      if (index < 0) return state.map.closeTooltip(state.tip);
      state.order[index].bringToFront();
      state.tip.setLatLng(state.order[index].getBounds().getCenter()).setContent(hover(index)).openOn(state.map);
    }

    function take() {
      if (list.value !== "") choose(ids[+list.value], state.order[+list.value].getBounds().getCenter());
    }

    list.addEventListener("focus", () => {
      const stamp = state.payload ? state.payload.stamp : "";
      if (filled === stamp || !state.order.length) return;
      const size = (index) => { const v = state.payload ? state.payload.values[index] : null; return v === null || v === undefined ? -Infinity : v; };
      const order = ids.map((_, index) => index).sort((a, b) => size(b) - size(a) || a - b);
      list.replaceChildren(...order.map((index) => new Option(state.names[index] + ": " + value(index), String(index))));
      list.value = state.payload && state.payload.chosen !== null ? String(state.payload.chosen) : "";
      filled = stamp;
    });
    list.addEventListener("change", () => look_at(list.value === "" ? -1 : +list.value));
    list.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); take(); }
      event.stopPropagation();
    });
    list.addEventListener("dblclick", take);
    list.addEventListener("blur", () => look_at(-1));
    L.DomEvent.disableClickPropagation(box);
    L.DomEvent.disableScrollPropagation(box);
    state.map.getContainer().prepend(box);
  }

  /* ---- names of wards, places, stations and main roads, as many as do not run into each other ---- */

  function drawLabels(labels) {
    if (!labels || !labels.length) return;
    const map = state.map;
    const pane = map.createPane("labels");
    pane.style.zIndex = 640;
    pane.classList.add("leaflet-zoom-hide");
    pane.setAttribute("aria-hidden", "true");

    function place() {
      const size = map.getSize(), taken = [], shown = [];
      for (const [text, kind, lon, lat] of labels) {
        if (shown.length >= MOST_LABELS) break;
        const said = kind === "station" ? "\u25AA " + text : text;
        const at = map.latLngToContainerPoint([lat, lon]);
        const half = 3.4 * said.length + 4;
        const box = [at.x - half, at.y - 9, at.x + half, at.y + 9];
        if (box[0] < 0 || box[1] < 0 || box[2] > size.x || box[3] > size.y) continue;
        if (taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3])) continue;
        taken.push(box);
        const mark = document.createElement("div"), words = document.createElement("span");
        mark.className = "patrol-label " + kind;
        words.textContent = said;
        mark.appendChild(words);
        L.DomUtil.setPosition(mark, map.latLngToLayerPoint([lat, lon]));
        shown.push(mark);
      }
      pane.replaceChildren(...shown);
    }
    map.on("moveend zoomend resize", place);
    place();
  }

  function draw(asset) {
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
          path.on("mouseover", (event) => state.tip.setLatLng(event.latlng).setContent(hover(index)).openOn(state.map));
          path.on("mousemove", (event) => state.tip.setLatLng(event.latlng));
          path.on("mouseout", () => state.map.closeTooltip(state.tip));
        },
      }
    ).addTo(state.map);
    state.bounds = state.layer.getBounds();
    fit();
    zoneList(asset.ids);
    restyle();
    drawLabels(asset.labels);
  }

  /* ---- maps side by side: a view that a hand has moved is sent to the others of its set ---- */

  function link(name) {
    if (state.link || !window.BroadcastChannel) return;
    const channel = new BroadcastChannel("patrol-maps-" + name);
    let following = false;
    state.link = channel;
    state.map.on("moveend", () => {
      if (following || state.fitting || !state.moved) return;
      const centre = state.map.getCenter();
      channel.postMessage({ lat: centre.lat, lng: centre.lng, zoom: state.map.getZoom() });
    });
    channel.onmessage = (event) => {
      following = true;
      state.moved = true;
      state.map.setView([event.data.lat, event.data.lng], event.data.zoom, { animate: false });
      following = false;
    };
  }

  window.patrolMap = {
    dress: dress,
    mount: function (map, source) {
      state.order = [];
      state.layer = null;
      state.tip = L.tooltip({ sticky: true, direction: "top", opacity: 0.95 });
      dress(map, "Map of zones");
      (source.url ? fetch(source.url).then((answer) => {
        if (!answer.ok) throw new Error("zones answered " + answer.status);
        return answer.json();
      }) : Promise.resolve(source.inline)).then(draw).catch((error) => {
        note("The zones could not be drawn (" + error.message + "). Reload the page.", "alert");
      });
    },
    paint: function (payload) {
      state.payload = payload;
      if (state.map) named("Map of zones: " + payload.label + ", " + payload.unit);
      if (state.map && payload.linked) link(payload.linked);
      restyle();
    },
  };
})();
