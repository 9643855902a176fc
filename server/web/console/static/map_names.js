// Names on a map: each where it fits, none over another. In: what is to be named, the dearest first. Out: a layer of labels.
import { leaflet as L } from "nicegui-leaflet";

const GAP = 4;
// Where its middle is taken, a name stands so many pixels above or below it.
const BESIDE = 30;
// A name may stick out of its zone by this much.
const WIDER = 1.7;
const canvas = document.createElement("canvas").getContext("2d");

export class Names {
  // `avoided` gives the places of what no name may cover: marks of some 24 pixels.
  constructor(map, avoided) {
    this.map = map;
    this.avoided = avoided;
    this.layer = L.layerGroup().addTo(map);
    this.wanted = [];
    map.on("zoomend resize", () => this.place());
  }

  // Each of `wanted` is { text, short: what is said where the text has no room, at: LatLng, bounds: LatLngBounds | null, always: whether it may be wider than its place, ground: of the street below }.
  show(wanted) {
    this.wanted = wanted;
    this.place();
  }

  place() {
    this.layer.clearLayers();
    const taken = this.avoided().map((at) => {
      const { x, y } = this.map.latLngToLayerPoint(at);
      return [x - 12, y - 12, x + 12, y + 12];
    });
    for (const { text: whole, short, at, bounds, always, ground } of this.wanted) {
      canvas.font = ground ? "12px sans-serif" : "600 13px sans-serif";
      const room = bounds ? this.map.latLngToLayerPoint(bounds.getSouthEast()).x - this.map.latLngToLayerPoint(bounds.getNorthWest()).x : Infinity;
      const widthOf = (words) => canvas.measureText(words).width + 2 * GAP;
      const text = short && !always && widthOf(whole) > room * WIDER ? short : whole;
      const width = widthOf(text);
      if (!always && !short && width > room * WIDER) continue;
      const middle = this.map.latLngToLayerPoint(at);
      const boxAt = (dy) => [middle.x - width / 2, middle.y + dy - 9 - GAP, middle.x + width / 2, middle.y + dy + 9 + GAP];
      const free = (box) => !taken.some((other) => box[0] < other[2] && other[0] < box[2] && box[1] < other[3] && other[1] < box[3]);
      const dy = (ground ? [0] : [0, -BESIDE, BESIDE]).find((each) => free(boxAt(each)));
      if (dy === undefined) continue;
      taken.push(boxAt(dy));
      const span = document.createElement("span");
      span.textContent = text;
      span.style.top = `${dy}px`;
      const icon = L.divIcon({ className: ground ? "map-name of-ground" : "map-name", html: span, iconSize: null });
      this.layer.addLayer(L.marker(at, { icon, interactive: false, keyboard: false }));
    }
  }
}
