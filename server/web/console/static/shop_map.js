// The shop's map: zones as GeoJSON, coloured by how many people are in them, over tiles, the shop's streets or one of its floor plans. Leaflet
// as NiceGUI ships it; nothing is fetched but tiles that the shop has set. In: props from shop_map.py. Out: "zone" with the id of the zone that
// was chosen; where something is drawn, "drawn"; on a plan "anchor" (where it was dragged to) and "measured" (how far two points are apart).
import { leaflet as L } from "nicegui-leaflet";
import { loadResource } from "../../static/utils/resources.js";
import { Drawing } from "soglia-map/drawing.js";
import { Names } from "soglia-map/map_names.js";
import { boxOf, geometryOf, shapeOf } from "soglia-map/shapes.js";

const GROUND = {
  street: { weight: 7, fillOpacity: 1, fill: false },
  building: { weight: 1, fillOpacity: 1 },
  wall: { weight: 2, fill: false },
  park: { stroke: false, fillOpacity: 1 },
  water: { stroke: false, fillOpacity: 1 },
};
const FLAT = L.extend({}, L.CRS.Simple);

export default {
  template: `
    <div :class="{ drawing: tool }">
      <div v-if="drawing" class="map-tools" role="toolbar" :aria-label="words.tools">
        <button v-for="each in tools" :key="each.name" type="button" :disabled="each.off" :title="words[each.name]" :aria-label="words[each.name]"
          :aria-pressed="each.toggles ? String(tool === each.name) : null" :class="{ brief: !each.toggles }" @click="act(each.name)">
          <i class="material-icons" aria-hidden="true">{{ each.icon }}</i><span>{{ words[each.name] }}</span>
        </button>
      </div>
      <div ref="map"></div>
      <p v-if="drawing" class="map-hint" role="status">{{ hint }}</p>
    </div>`,
  props: {
    features: Array,
    tiles: String,
    attribution: String,
    ground: Object,
    selected: String,
    counts: Object,
    plan: Object,
    anchors: Array,
    drawing: Object,
    words: Object,
    resourcePath: String,
  },
  data() {
    return { tool: "", hint: "", has: {}, told: "" };
  },
  computed: {
    tools() {
      const { shape, parts, corner, undo, redo } = this.has;
      return [
        { name: "polygon", icon: "pentagon", toggles: true },
        ...(this.plan ? [] : [{ name: "circle", icon: "radio_button_unchecked", toggles: true }]),
        { name: "hole", icon: "donut_large", toggles: true, off: !parts },
        { name: "split", icon: "content_cut", toggles: true, off: !parts },
        { name: "removeCorner", icon: "remove_circle_outline", off: !corner },
        { name: "undo", icon: "undo", off: !undo },
        { name: "redo", icon: "redo", off: !redo },
        { name: "fit", icon: "center_focus_strong", off: !shape },
      ];
    },
  },
  async mounted() {
    await this.$nextTick();
    await loadResource(window.path_prefix + `${this.resourcePath}/leaflet/leaflet.css`);
    const flat = this.plan ? { crs: FLAT, minZoom: -3, maxZoom: 8, zoomSnap: 0.25, zoomDelta: 0.5 } : { maxZoom: 22 };
    this.map = L.map(this.$refs.map, { zoomControl: true, attributionControl: !!(this.attribution && !this.plan), ...flat });
    this.map.setView(this.plan ? [0, 0] : [45.4642, 9.19], this.plan ? 3 : 15);
    this.base();
    this.zones = L.featureGroup().addTo(this.map);
    this.spots = L.layerGroup().addTo(this.map);
    this.names = new Names(this.map, () => this.spots.getLayers().map((spot) => spot.getLatLng()));
    this.draw();
    this.hang();
    if (this.drawing) this.begin();
    this.fit();
    this.observer = new ResizeObserver(() => this.map.invalidateSize());
    this.observer.observe(this.$el);
  },
  unmounted() {
    this.observer?.disconnect();
    this.pen?.end();
    this.map?.remove();
  },
  watch: {
    features(now, before) {
      if (changed(now, before)) this.draw();
    },
    counts() {
      this.count(this.counts);
    },
    anchors(now, before) {
      if (changed(now, before)) this.hang();
    },
    plan(now, before) {
      if (!this.map || !changed(now, before)) return;
      this.base();
      this.fit();
    },
    selected(now, before) {
      this.paint();
      if (now === before) return;
      const chosen = this.layers && this.layers[this.selected];
      if (chosen) this.map.fitBounds(chosen.getBounds().pad(0.4), { maxZoom: 19, animate: false });
    },
  },
  methods: {
    // -- what lies below

    base() {
      this.below?.remove();
      this.below = L.featureGroup().addTo(this.map);
      this.named = [];
      if (this.plan) this.floor();
      else if (this.tiles) L.tileLayer(this.tiles, { attribution: this.attribution, maxZoom: 22 }).addTo(this.map);
      else if (this.ground) this.streets();
      if (!this.scale) this.scale = L.control.scale({ imperial: false }).addTo(this.map);
    },
    streets() {
      L.geoJSON(this.ground, {
        interactive: false,
        style: (feature) => {
          const kind = GROUND[feature.properties?.kind] ? feature.properties.kind : "wall";
          const area = /Polygon/.test(feature.geometry.type);
          return { ...GROUND[kind], className: `ground-${kind}`, ...(area && kind === "street" ? { fill: true, weight: 0 } : {}) };
        },
        onEachFeature: (feature, layer) => {
          if (feature.properties?.name && layer.getBounds) this.named.push({ text: feature.properties.name, at: layer.getBounds().getCenter(), bounds: layer.getBounds(), ground: true, always: true });
        },
      }).addTo(this.below);
    },
    floor() {
      const { width, height, walls, picture } = this.plan;
      const bounds = [[0, 0], [height, width]]; // prettier-ignore
      L.rectangle(bounds, { className: "plan-floor", weight: 1, fillOpacity: picture ? 0 : 1, interactive: false }).addTo(this.below);
      if (picture) L.imageOverlay(picture, bounds, { opacity: 0.85, className: "plan-picture" }).addTo(this.below);
      for (const wall of walls) L.polyline(wall.map(latLng), { className: "ground-wall", weight: 2.5, interactive: false }).addTo(this.below);
    },

    // -- zones

    draw() {
      if (!this.zones) return;
      this.zones.clearLayers();
      this.layers = {};
      this.outlines = [];
      const drawable = (this.features || []).filter((feature) => feature.geometry);
      const sized = drawable.map((feature) => ({ feature, layer: this.layerOf(feature) }));
      sized.sort((a, b) => diagonal(b.layer) - diagonal(a.layer)); // the small ones lie over the large ones, to be reached
      for (const { feature, layer } of sized) {
        layer.bindTooltip("", { sticky: true });
        layer.on("click", () => !this.drawing && this.$emit("zone", feature.properties.id));
        this.layers[feature.properties.id] = layer;
        this.zones.addLayer(layer);
        for (const rings of shapeOf(feature.geometry, 1).parts || [])
          for (const ring of rings) this.outlines.push({ ring, box: boxOf(ring) });
      }
      this.paint();
    },
    layerOf({ geometry, properties }) {
      const look = { className: "zone-shape" };
      if (geometry.type === "Point") return L.circle(latLng(geometry.coordinates), { ...look, radius: properties.radius || 10 });
      const { parts } = shapeOf(geometry);
      return L.polygon(parts.map((rings) => rings.map((ring) => ring.map(latLng))), look);
    },
    // As a method too, since a prop that changes brings all others with it: zones and ground are large, and counts change each second.
    count(counts) {
      this.people = counts;
      this.paint();
    },
    paint() {
      if (!this.map) return;
      const counts = this.people || this.counts || {};
      const most = Math.max(1, ...Object.values(counts));
      const names = [];
      for (const { geometry, properties } of this.features || []) {
        const layer = geometry && this.layers[properties.id];
        if (!layer) continue;
        const count = counts[properties.id] || 0;
        const chosen = properties.id === this.selected;
        layer.setStyle({ fillOpacity: count ? 0.15 + 0.45 * (count / most) : 0.1 });
        layer.getElement()?.classList.toggle("chosen", chosen);
        layer.getElement()?.classList.toggle("peopled", count > 0);
        const text = count ? `${properties.name} · ${count}` : properties.name;
        layer.setTooltipContent(escaped(text));
        const bounds = layer.getBounds();
        names.push({ text, short: count ? String(count) : null, at: heartOf(layer, geometry), bounds, always: chosen, rank: chosen ? -1 : count ? 0 : 1, size: diagonal(layer) });
      }
      names.sort((a, b) => a.rank - b.rank || b.size - a.size);
      this.names.show([...names, ...this.named]);
    },

    // -- anchors of a plan

    hang() {
      if (!this.spots) return;
      this.spots.clearLayers();
      setTimeout(() => this.names.place());
      for (const anchor of this.anchors || []) {
        const html = '<i class="material-icons" aria-hidden="true">sensors</i>';
        const icon = L.divIcon({ className: `map-anchor${anchor.chosen ? " chosen" : ""}`, html, iconSize: [26, 26] });
        const options = { icon, draggable: !!anchor.moves, title: anchor.name, alt: anchor.name, zIndexOffset: 300, interactive: !this.drawing };
        const marker = L.marker(latLng([anchor.x, anchor.y]), options).addTo(this.spots);
        marker.bindTooltip(escaped(anchor.name), { direction: "top", offset: [0, -12] });
        marker.getElement().setAttribute("aria-label", anchor.name);
        const tell = () => {
          const { lat, lng } = marker.getLatLng();
          this.$emit("anchor", { id: anchor.id, x: Math.round(lng * 100) / 100, y: Math.round(lat * 100) / 100 });
        };
        marker.on("dragend", tell);
        marker.on("click", () => this.$emit("chosen", anchor.id));
        if (!anchor.moves) continue;
        const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
        marker.getElement().addEventListener("keydown", (event) => {
          const arrow = arrows[event.key];
          if (!arrow) return;
          event.preventDefault();
          event.stopPropagation();
          const step = event.shiftKey ? 1 : 0.1;
          const { lat, lng } = marker.getLatLng();
          marker.setLatLng([lat + arrow[1] * step, lng + arrow[0] * step]);
        });
        marker.getElement().addEventListener("keyup", (event) => arrows[event.key] && tell());
      }
    },

    // -- two points of a plan, to set its scale by

    measure() {
      const points = [];
      const marks = L.layerGroup().addTo(this.map);
      this.$el.classList.add("drawing");
      const clicked = ({ latlng }) => {
        points.push(latlng);
        L.circleMarker(latlng, { radius: 6, className: "drawn" }).addTo(marks);
        if (points.length < 2) return;
        this.map.off("click", clicked);
        this.$el.classList.remove("drawing");
        L.polyline(points, { className: "drawn guide" }).addTo(marks);
        setTimeout(() => marks.remove(), 4000);
        this.$emit("measured", this.map.distance(points[0], points[1]));
      };
      this.map.on("click", clicked);
    },

    // -- drawing

    begin() {
      this.pen = new Drawing(this.map, {
        flat: !!this.plan,
        rings: () => this.outlines || [],
        inMetres: (metres) => this.inMetres(metres),
        word: (name, facts) => filled(this.words[name], facts),
        changed: () => this.$emit("drawn", { ...geometryOf(this.pen.shape), other: geometryOf(this.pen.other).geometry }),
        told: (word) => {
          this.lookAtPen();
          this.tellWhatNext(word);
        },
        state: () => this.pen && this.lookAtPen(),
      });
      this.pen.take(this.drawing.geometry, this.drawing.radius, true);
      if (this.drawing.tool) this.act(this.drawing.tool);
      this.tellWhatNext();
    },
    take(geometry, radius) {
      this.pen?.take(geometry, radius);
    },
    blame(places) {
      this.pen?.blame(places);
    },
    act(name) {
      if (name === "fit") return this.fit();
      if (["undo", "redo", "removeCorner"].includes(name)) this.pen[name]();
      else this.pen.use(name);
      this.tellWhatNext();
    },
    lookAtPen() {
      const { pen } = this;
      this.tool = pen.tool;
      this.has = { shape: !!pen.shape, parts: !!pen.shape?.parts, corner: !!pen.corner, undo: pen.past.length + pen.points.length > 0, redo: pen.future.length > 0 };
      this.tellWhatNext();
    },
    tellWhatNext(word) {
      const { pen } = this;
      if (!pen) return;
      const { shape, tool, points } = pen;
      const idle = !shape ? "hintStart" : shape.center ? "hintCircle" : pen.corner ? "hintCorner" : "hintShape";
      const drawing = points.length > 2 ? "hintClose" : points.length ? "hintNext" : "hintFirst";
      const at = { "": idle, polygon: drawing, hole: drawing, circle: points.length ? "hintRadius" : "hintCenter", split: "hintSplit" };
      const facts = { radius: shape?.center ? this.inMetres(shape.radius) : "", size: Math.round(pen.size() || 0).toLocaleString(lang()), corners: shape?.parts ? shape.parts.flat(2).length : 0 };
      this.hint = filled(this.words[word || at[tool]], facts);
    },
    inMetres(metres) {
      const digits = metres < 20 ? 1 : 0;
      return `${metres.toLocaleString(lang(), { maximumFractionDigits: digits })} m`;
    },
    fit() {
      const drawn = this.pen?.shape && this.pen.body;
      const bounds = drawn ? drawn.getBounds() : this.zones.getBounds();
      if (this.plan && !drawn) this.map.fitBounds([[0, 0], [this.plan.height, this.plan.width]], { padding: [18, 18], animate: false }); // prettier-ignore
      else if (bounds.isValid()) this.map.fitBounds(bounds.pad(drawn ? 0.4 : 0.15), { maxZoom: this.plan ? 8 : 19, animate: false });
      else if (this.below.getBounds().isValid()) this.map.fitBounds(this.below.getBounds(), { animate: false });
    },
  },
};

function latLng([x, y]) {
  return L.latLng(y, x);
}

function diagonal(layer) {
  const bounds = layer.getRadius ? layer.getLatLng().toBounds(2 * layer.getRadius()) : layer.getBounds(); // a circle knows its bounds on a map only
  return Math.hypot(bounds.getEast() - bounds.getWest(), bounds.getNorth() - bounds.getSouth());
}

// Where a zone's name stands: the middle of its largest part.
function heartOf(layer, geometry) {
  if (geometry.type !== "MultiPolygon") return layer.getBounds().getCenter();
  const boxes = layer.getLatLngs().map((rings) => L.latLngBounds(rings[0]));
  boxes.sort((a, b) => b.getEast() - b.getWest() - (a.getEast() - a.getWest()));
  return boxes[0].getCenter();
}

function changed(now, before) {
  return JSON.stringify(now) !== JSON.stringify(before);
}

function filled(text, facts) {
  return (text || "").replace(/\{(\w+)\}/g, (whole, name) => (facts && name in facts ? facts[name] : whole));
}

function lang() {
  return document.documentElement.lang || "en";
}

function escaped(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span.innerHTML;
}
