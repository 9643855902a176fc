// The shop's map: zones as GeoJSON, coloured by how many people are in them. Leaflet as NiceGUI ships it; nothing is fetched but tiles that
// the shop has set. In: props from shop_map.py. Out: "zone" with the id of the zone that was chosen.
import { leaflet as L } from "nicegui-leaflet";
import { loadResource } from "../../static/utils/resources.js";

const GROUND = {
  street: { color: "#b9b2a2", weight: 7, opacity: 0.5, fill: false },
  building: { color: "#a59d8c", weight: 1, fillColor: "#c9c2b3", fillOpacity: 0.35 },
  wall: { color: "#6d6759", weight: 2, fill: false },
  park: { stroke: false, fillColor: "#a9c39b", fillOpacity: 0.4 },
  water: { stroke: false, fillColor: "#9bbdc9", fillOpacity: 0.5 },
};

export default {
  template: "<div></div>",
  props: {
    features: Array,
    tiles: String,
    attribution: String,
    ground: Object,
    selected: String,
    counts: Object,
    resourcePath: String,
  },
  async mounted() {
    await this.$nextTick();
    await loadResource(window.path_prefix + `${this.resourcePath}/leaflet/leaflet.css`);
    this.map = L.map(this.$el, { zoomControl: true, attributionControl: !!this.attribution, maxZoom: 22 });
    if (this.tiles) L.tileLayer(this.tiles, { attribution: this.attribution, maxZoom: 22 }).addTo(this.map);
    else if (this.ground)
      L.geoJSON(this.ground, {
        interactive: false,
        style: (feature) => GROUND[feature.properties && feature.properties.kind] || GROUND.wall,
      }).addTo(this.map);
    else L.control.scale({ imperial: false }).addTo(this.map);
    this.zones = L.featureGroup().addTo(this.map);
    this.map.setView([45.4642, 9.19], 15);
    this.draw();
    this.fit();
    this.observer = new ResizeObserver(() => this.map.invalidateSize());
    this.observer.observe(this.$el);
  },
  unmounted() {
    this.observer?.disconnect();
    this.map?.remove();
  },
  watch: {
    features() {
      this.draw();
    },
    counts() {
      this.paint();
    },
    selected() {
      this.paint();
      const chosen = this.layers && this.layers[this.selected];
      if (chosen) this.map.fitBounds(chosen.getBounds().pad(0.4), { maxZoom: 19, animate: false });
    },
  },
  methods: {
    draw() {
      if (!this.zones) return;
      this.zones.clearLayers();
      this.layers = {};
      for (const feature of this.features || []) {
        if (!feature.geometry) continue;
        const p = feature.properties;
        const layer =
          feature.geometry.type === "Point"
            ? L.circle([feature.geometry.coordinates[1], feature.geometry.coordinates[0]], { radius: p.radius || 10 })
            : L.geoJSON(feature);
        layer.bindTooltip(p.name, { permanent: true, direction: "center", className: "zone-name" });
        layer.on("click", () => this.$emit("zone", p.id));
        this.layers[p.id] = layer;
        this.zones.addLayer(layer);
      }
      this.paint();
    },
    paint() {
      const style = getComputedStyle(document.body);
      const [brand, accent] = ["--brand", "--accent"].map((name) => style.getPropertyValue(name).trim());
      const most = Math.max(1, ...Object.values(this.counts || {}));
      for (const [id, layer] of Object.entries(this.layers || {})) {
        const count = (this.counts || {})[id] || 0;
        const chosen = id === this.selected;
        layer.setStyle({
          color: chosen ? accent : brand,
          weight: chosen ? 3 : 1.5,
          fillColor: count ? accent : brand,
          fillOpacity: count ? 0.15 + 0.45 * (count / most) : 0.08,
        });
        if (this.names && this.names[id]) continue;
        const feature = this.features.find((each) => each.properties.id === id);
        if (feature) layer.setTooltipContent(count ? `${escaped(feature.properties.name)} · ${count}` : escaped(feature.properties.name));
      }
    },
    fit() {
      const bounds = this.zones.getBounds();
      if (bounds.isValid()) this.map.fitBounds(bounds.pad(0.15), { maxZoom: 19, animate: false });
    },
  },
};

function escaped(text) {
  const span = document.createElement("span");
  span.textContent = text;
  return span.innerHTML;
}
