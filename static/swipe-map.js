/* Two maps of the same zones under one divider: before on the left of it, after on the right.
 *
 * The page that frames this gives window.swipe = { url, planar, before, after, stops, high, labels, unit }.
 * Geometry is fetched from this server; nothing else is.
 */
(function () {
  "use strict";

  const given = JSON.parse(document.getElementById("given").textContent);
  const OUTLINE = { color: "#5b6470", weight: 0.6, opacity: 0.8 };

  function colour(share) {
    const stops = given.stops;
    const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
    const left = Math.min(Math.floor(place), stops.length - 2);
    const part = (at, index) => parseInt(stops[at].substr(1 + 2 * index, 2), 16);
    const rgb = [0, 1, 2].map((index) =>
      Math.round(part(left, index) + (part(left + 1, index) - part(left, index)) * (place - left)));
    return "rgb(" + rgb.join(",") + ")";
  }

  function style(value) {
    const known = value !== null && value !== undefined;
    const share = known && given.high > 0 ? Math.sqrt(Math.max(value / given.high, 0)) : 0;
    return Object.assign({}, OUTLINE, known ? { fillColor: colour(share), fillOpacity: 1 }
                                            : { fillColor: "#d9dce1", fillOpacity: 1 });
  }

  function said(value) {
    return value === null || value === undefined ? "not known"
      : value.toLocaleString("en-GB", { maximumSignificantDigits: 3 }) + " " + given.unit;
  }

  const map = L.map("map", {
    crs: given.planar ? L.CRS.Simple : L.CRS.EPSG3857, minZoom: given.planar ? -10 : 0,
    zoomSnap: 0.25, scrollWheelZoom: false, attributionControl: false,
  });
  const slider = document.getElementById("divider");
  const line = document.getElementById("line");

  function pane(name) {
    const made = map.createPane(name);
    made.style.zIndex = name === "before" ? 401 : 402;
    return made;
  }
  const panes = { before: pane("before"), after: pane("after") };

  function divide() {
    const size = map.getSize();
    const corner = map.containerPointToLayerPoint([0, 0]);
    const x = size.x * slider.value / 100;
    const box = (from, to) => "polygon(" + [[from, 0], [to, 0], [to, size.y], [from, size.y]].map((at) =>
      (corner.x + at[0]) + "px " + (corner.y + at[1]) + "px").join(",") + ")";
    panes.before.style.clipPath = box(0, x);
    panes.after.style.clipPath = box(x, size.x);
    line.style.left = x + "px";
    slider.setAttribute("aria-valuetext", slider.value + " % " + given.labels[0] + ", " + (100 - slider.value) + " % " + given.labels[1]);
  }

  function draw(asset) {
    const add = (name, values) => {
      let index = 0;
      return L.geoJSON({ type: "FeatureCollection", features: asset.features }, {
        pane: name,
        renderer: L.svg({ pane: name, padding: 0.3 }),
        style: () => style(values[index]),
        onEachFeature: (feature, path) => {
          const at = index++;
          const box = document.createElement("div");
          box.appendChild(document.createElement("strong")).textContent = asset.names[at];
          [["before", 0], ["after", 1]].forEach(([which, label]) => {
            box.appendChild(document.createElement("div")).textContent = given.labels[label] + ": " + said(given[which][at]);
          });
          path.bindTooltip(box, { sticky: true, direction: "top", opacity: 0.95 });
        },
      }).addTo(map);
    };
    const first = add("before", given.before);
    add("after", given.after);
    map.fitBounds(first.getBounds(), { animate: false, padding: [8, 8] });
    divide();
    document.body.setAttribute("data-drawn", String(asset.features.length));
  }

  slider.addEventListener("input", divide);
  map.on("move resize zoomend", divide);
  window.addEventListener("resize", () => map.invalidateSize());
  let held = false;
  const follow = (event) => {
    if (!held) return;
    const edge = document.getElementById("map").getBoundingClientRect();
    slider.value = Math.min(100, Math.max(0, 100 * (event.clientX - edge.left) / edge.width));
    divide();
  };
  line.addEventListener("pointerdown", (event) => { held = true; line.setPointerCapture(event.pointerId); });
  line.addEventListener("pointermove", follow);
  line.addEventListener("pointerup", () => { held = false; });

  (given.url ? fetch(given.url).then((answer) => {
    if (!answer.ok) throw new Error("zones answered " + answer.status);
    return answer.json();
  }) : Promise.resolve(given.inline)).then(draw).catch((error) => {
    const box = document.createElement("div");
    box.setAttribute("role", "alert");
    box.textContent = "The zones could not be drawn (" + error.message + "). Reload the page.";
    document.getElementById("map").appendChild(box);
  });
})();
