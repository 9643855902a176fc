// Draws one zone on a map with mouse, finger or keys: outline, circle, hole, split, corners, undo. In: a Leaflet map and a host, which gives
// words and the other zones' shapes, and is told what was drawn. Out: host.changed() after each change that is whole.
import { leaflet as L } from "nicegui-leaflet";
import { areaOf, boxOf, isInside, middleOf, nearestOn, shapeOf, splitBy } from "soglia-map/shapes.js";

const SNAP_PX = 10;
const MOST_UNDO = 200;
// Closer together than this, a handle between two corners would only be in the way.
const MIDPOINT_PX = 44;
const MOST_HANDLES = 400;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class Drawing {
  constructor(map, host) {
    this.map = map;
    this.host = host;
    this.shape = null;
    this.other = null; // what a split has cut off
    this.tool = "";
    this.points = [];
    this.corner = null; // [part, ring, index] that is chosen
    this.faults = [];
    this.past = [];
    this.future = [];
    this.saved = this.asText();
    this.shown = L.layerGroup().addTo(map);
    this.guides = L.layerGroup().addTo(map);
    this.metres = L.tooltip({ permanent: true, direction: "right", offset: [12, 0], className: "drawn-metres" });
    map.doubleClickZoom.disable();
    map.on("click", this.clicked, this).on("dblclick", this.closed, this).on("mousemove", this.moved, this);
    map.on("mousedown", this.pressed, this).on("mouseup", this.released, this).on("zoomend", this.render, this);
    this.keys = (event) => this.typed(event);
    document.addEventListener("keydown", this.keys);
  }

  end() {
    document.removeEventListener("keydown", this.keys);
  }

  // -- what there is

  asText() {
    return JSON.stringify({ shape: this.shape, other: this.other });
  }

  // A shape from elsewhere: kept, or typed. The first one is no change.
  take(geometry, radius, first = false) {
    this.shape = shapeOf(geometry, radius);
    this.other = null;
    if (first) this.saved = this.asText();
    this.use("");
    if (!first) this.commit();
    else this.render();
  }

  // Corners that something is wrong with: [[ring, corner] or [part, ring, corner], ...].
  blame(places) {
    this.faults = places.map((path) => path.join());
    this.render();
  }

  commit() {
    const now = this.asText();
    if (now !== this.saved) {
      this.past = [...this.past, this.saved].slice(-MOST_UNDO);
      this.future = [];
      this.saved = now;
      this.faults = [];
      this.host.changed();
    }
    this.render();
  }

  undo() {
    if (this.points.length) {
      this.points.pop();
      this.guide(null);
    } else this.travel(this.past, this.future);
  }

  redo() {
    this.travel(this.future, this.past);
  }

  travel(from, to) {
    const state = from.pop();
    if (state === undefined) return;
    to.push(this.saved);
    this.saved = state;
    ({ shape: this.shape, other: this.other } = JSON.parse(state));
    [this.corner, this.faults] = [null, []];
    this.host.changed();
    this.render();
  }

  // -- tools

  use(tool) {
    this.tool = tool === this.tool ? "" : tool;
    this.points = [];
    this.corner = null;
    this.guide(null);
    this.render();
  }

  cancel() {
    this.use("");
  }

  pressed(event) {
    if (this.tool !== "circle" || this.points.length) return;
    this.pressedAt = event.containerPoint;
    this.points = [this.snapped(event)];
    this.map.dragging.disable();
  }

  released(event) {
    this.map.dragging.enable();
    if (this.tool !== "circle" || !this.pressedAt) return;
    const dragged = this.pressedAt.distanceTo(event.containerPoint) > 5;
    this.pressedAt = null;
    this.justPressed = !dragged; // its own click is still to come
    if (dragged) {
      this.roundUp(event);
      this.swallow = true;
    }
  }

  clicked(event) {
    if (this.swallow || this.justPressed) {
      [this.swallow, this.justPressed] = [false, false];
      return;
    }
    if (!this.tool) {
      this.corner = null;
      this.render();
      return;
    }
    if (this.tool === "circle") {
      if (this.points.length) this.roundUp(event);
      else this.points = [this.snapped(event)];
      return;
    }
    const first = this.points[0];
    const last = this.points[this.points.length - 1];
    if (this.tool !== "split" && this.points.length > 2 && this.px(first).distanceTo(event.containerPoint) <= SNAP_PX) {
      this.finish();
      return;
    }
    if (last && this.px(last).distanceTo(event.containerPoint) < 4) return; // the second click of a double one
    this.points.push(this.snapped(event));
    if (this.tool === "split" && this.points.length === 2) this.split();
    else this.guide(event);
    this.host.told();
  }

  closed() {
    if (this.tool === "polygon" || this.tool === "hole") this.finish();
  }

  moved(event) {
    if (this.tool) this.guide(event);
  }

  roundUp(event) {
    const [center] = this.points;
    const radius = Math.max(1, this.apart(center, this.snapped(event)));
    this.shape = { center, radius: Math.round(radius * 10) / 10 };
    this.other = null;
    this.use("");
    this.commit();
  }

  finish() {
    if (this.points.length < 3) {
      this.host.told("few");
      return;
    }
    const ring = this.points;
    if (this.tool === "polygon") [this.shape, this.other] = [{ parts: [[ring]] }, null];
    else {
      const part = this.shape?.parts?.find((rings) => isInside(ring[0], rings[0]));
      if (!part) {
        this.use("");
        this.host.told("outside");
        return;
      }
      part.push(ring);
    }
    this.use("");
    this.commit();
  }

  split() {
    const [a, b] = this.points;
    const parts = this.shape?.parts || [];
    for (const [i, rings] of parts.entries()) {
      const halves = rings.length === 1 ? splitBy(rings[0], a, b) : null;
      if (!halves) continue;
      parts[i] = [halves[0]];
      this.other = { parts: [[halves[1]]] };
      this.use("");
      this.commit();
      return;
    }
    this.use("");
    this.host.told("uncut");
  }

  removeCorner() {
    if (!this.corner) return;
    const [part, ring, index] = this.corner;
    const rings = this.shape.parts[part];
    if (rings[ring].length > 3) rings[ring].splice(index, 1);
    else if (ring > 0) rings.splice(ring, 1);
    else if (this.shape.parts.length > 1) this.shape.parts.splice(part, 1);
    else return;
    this.corner = null;
    this.commit();
  }

  typed(event) {
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable) return;
    const control = event.ctrlKey || event.metaKey;
    const key = event.key.toLowerCase();
    const act = control && key === "z" ? (event.shiftKey ? "redo" : "undo") : control && key === "y" ? "redo"
      : key === "escape" ? "cancel" : key === "enter" && this.tool && this.points.length ? "finish"
      : (key === "delete" || key === "backspace") && this.corner ? "removeCorner" : null; // prettier-ignore
    if (!act || (act === "finish" && (this.tool === "circle" || this.tool === "split"))) return;
    event.preventDefault();
    this[act]();
    this.host.told();
  }

  // -- where the mouse is

  at([x, y]) {
    return L.latLng(y, x);
  }

  px(point) {
    return this.map.latLngToContainerPoint(this.at(point));
  }

  apart(a, b) {
    return this.map.distance(this.at(a), this.at(b));
  }

  // The event's place, or the corner or edge of another zone that is within 10 pixels of it (not with the Alt key).
  snapped(event, guide = true) {
    const { lat, lng } = event.latlng;
    if (event.originalEvent?.altKey) return [lng, lat];
    const here = this.map.latLngToContainerPoint(event.latlng);
    const away = this.map.containerPointToLatLng(here.add([SNAP_PX, SNAP_PX]));
    const [tx, ty] = [Math.abs(away.lng - lng), Math.abs(away.lat - lat)];
    const flat = ([x, y]) => [(x - lng) / tx, (y - lat) / ty];
    let [corner, edge] = [null, null];
    const better = (found, p) => {
      const gap = Math.hypot(...p);
      return gap <= 1 && (!found || gap < found.gap) ? { p, gap } : found;
    };
    for (const { ring, box } of this.host.rings()) {
      if (lng < box[0] - tx || lng > box[2] + tx || lat < box[1] - ty || lat > box[3] + ty) continue;
      const near = ring.map(flat);
      near.forEach((p, i) => {
        corner = better(corner, p);
        edge = better(edge, nearestOn([0, 0], p, near[(i + 1) % near.length]));
      });
    }
    const found = corner || edge;
    if (!found) return [lng, lat];
    const point = [lng + found.p[0] * tx, lat + found.p[1] * ty];
    if (guide) L.circleMarker(this.at(point), { radius: 8, className: "drawn snap", interactive: false }).addTo(this.guides);
    return point;
  }

  guide(event) {
    this.guides.clearLayers();
    this.metres.remove();
    const line = { className: "drawn guide", interactive: false };
    const placed = this.points.map((point) => this.at(point));
    this.points.forEach((point, i) =>
      L.circleMarker(this.at(point), { radius: i ? 4 : 7, className: "drawn", interactive: false }).addTo(this.guides),
    );
    if (placed.length > 1) L.polyline(placed, { ...line, className: "drawn" }).addTo(this.guides);
    if (!event || !this.tool) return;
    const here = this.snapped(event);
    if (!placed.length) return;
    const from = this.tool === "circle" ? this.points[0] : this.points[this.points.length - 1];
    const metres = this.apart(from, here);
    if (this.tool === "circle") L.circle(placed[0], { radius: metres, className: "drawn", interactive: false }).addTo(this.guides);
    else L.polyline([placed[placed.length - 1], this.at(here)], line).addTo(this.guides);
    this.say(metres, this.at(here));
  }

  say(metres, at) {
    this.metres.setLatLng(at).setContent(this.host.inMetres(metres)).addTo(this.map);
  }

  // -- handles

  render() {
    this.shown.clearLayers();
    this.host.state();
    if (!this.shape) return;
    const look = { className: "drawn", interactive: false };
    if (this.other) L.polygon(this.latLngs(this.other), { ...look, className: "drawn other" }).addTo(this.shown);
    if (this.shape.center) this.body = L.circle(this.at(this.shape.center), { ...look, radius: this.shape.radius });
    else this.body = L.polygon(this.latLngs(this.shape), look);
    this.body.addTo(this.shown);
    if (this.tool) return;
    if (this.shape.center) this.circleHandles();
    else this.cornerHandles();
  }

  latLngs(shape) {
    return shape.parts.map((rings) => rings.map((ring) => ring.map((point) => this.at(point))));
  }

  follow() {
    if (this.shape.center) this.body.setLatLng(this.at(this.shape.center)).setRadius(this.shape.radius);
    else this.body.setLatLngs(this.latLngs(this.shape));
  }

  circleHandles() {
    const { center, radius } = this.shape;
    const edge = this.handle([center[0] + radius / (111_320 * Math.cos((center[1] * Math.PI) / 180)), center[1]], "", this.host.word("radius"));
    edge.on("drag", (event) => {
      this.shape.radius = Math.max(1, Math.round(this.apart(this.shape.center, [event.latlng.lng, event.latlng.lat]) * 10) / 10);
      this.follow();
      this.say(this.shape.radius, event.latlng);
    });
    this.steer(edge, ([dx, dy], step) => {
      this.shape.radius = Math.max(1, this.shape.radius + (dx + dy) * step);
    });
    this.wholeHandle(center);
  }

  cornerHandles() {
    let count = 0;
    this.shape.parts.forEach((rings, part) =>
      rings.forEach((ring, r) =>
        ring.forEach((point, i) => {
          if (++count > MOST_HANDLES) return;
          this.cornerHandle(part, r, i);
          const next = ring[(i + 1) % ring.length];
          if (this.px(point).distanceTo(this.px(next)) > MIDPOINT_PX) this.midpoint(part, r, i, point, next);
        }),
      ),
    );
    this.wholeHandle(middleOf(this.shape.parts[0][0]));
  }

  cornerHandle(part, r, i) {
    const ring = this.shape.parts[part][r];
    const chosen = this.corner?.join() === [part, r, i].join();
    const path = this.shape.parts.length > 1 ? [part, r, i] : [r, i];
    const look = (chosen ? "chosen " : "") + (this.faults.includes(path.join()) ? "faulty" : "");
    const handle = this.handle(ring[i], look, this.host.word("corner", { number: i + 1, count: ring.length }));
    this.drags(handle, ring, i);
    handle.on("click", () => {
      this.corner = [part, r, i];
      this.render();
      this.host.told();
    });
    handle.on("contextmenu", () => {
      this.corner = [part, r, i];
      this.removeCorner();
    });
    handle.getElement().addEventListener("focus", () => {
      this.corner = [part, r, i];
      this.host.state();
    });
    this.steer(handle, ([dx, dy], step, along) => {
      ring[i] = along(ring[i], dx * step, dy * step);
      handle.setLatLng(this.at(ring[i]));
    });
  }

  midpoint(part, r, i, a, b) {
    const ring = this.shape.parts[part][r];
    const middle = [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const handle = this.handle(middle, "midpoint", this.host.word("midpoint"), 11);
    handle.on("dragstart", () => ring.splice(i + 1, 0, middle));
    this.drags(handle, ring, i + 1);
    handle.on("click", () => {
      ring.splice(i + 1, 0, middle);
      this.corner = [part, r, i + 1];
      this.commit();
    });
  }

  drags(handle, ring, i) {
    handle.on("drag", (event) => {
      this.guides.clearLayers();
      ring[i] = this.snapped({ latlng: event.latlng, originalEvent: event.originalEvent });
      handle.setLatLng(this.at(ring[i]));
      this.follow();
      const before = ring[(i - 1 + ring.length) % ring.length];
      this.say(this.apart(before, ring[i]), this.at(ring[i]));
    });
  }

  wholeHandle(middle) {
    const handle = this.handle(middle, "whole", this.host.word("whole"), 26, "open_with");
    let from = middle;
    const shift = (to) => {
      const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
      const by = ([x, y]) => [x + dx, y + dy];
      if (this.shape.center) this.shape.center = by(this.shape.center);
      else this.shape.parts = this.shape.parts.map((rings) => rings.map((ring) => ring.map(by)));
      from = to;
      this.follow();
    };
    handle.on("drag", ({ latlng }) => shift([latlng.lng, latlng.lat]));
    this.steer(handle, ([dx, dy], step, along) => {
      shift(along(from, dx * step, dy * step));
      handle.setLatLng(this.at(from));
    });
  }

  handle(point, look, title, size = 15, icon = "") {
    const html = icon ? `<i class="material-icons" aria-hidden="true">${icon}</i>` : "";
    const drawn = L.divIcon({ className: `handle ${look}`, html, iconSize: [size, size] });
    const marker = L.marker(this.at(point), { icon: drawn, draggable: true, title, alt: title, zIndexOffset: 500, bubblingMouseEvents: false });
    marker.on("dragend", () => {
      this.guides.clearLayers();
      this.metres.remove();
      this.commit();
    });
    marker.addTo(this.shown);
    marker.getElement().setAttribute("aria-label", title);
    return marker;
  }

  // Arrow keys: half a metre each, with Shift five; what was moved counts once the key is up.
  steer(handle, move) {
    const element = handle.getElement();
    const along = ([x, y], east, north) =>
      this.host.flat ? [x + east / 5, y + north / 5] : [x + east / (111_320 * Math.cos((y * Math.PI) / 180)), y + north / 111_195];
    element.addEventListener("keydown", (event) => {
      const arrow = ARROWS[event.key];
      if (!arrow) return;
      event.preventDefault();
      event.stopPropagation();
      move(arrow, event.shiftKey ? 5 : 0.5, along);
      this.follow();
    });
    element.addEventListener("keyup", (event) => {
      if (!ARROWS[event.key]) return;
      const title = element.getAttribute("aria-label");
      this.commit();
      this.map.getPane("markerPane").querySelector(`[aria-label="${CSS.escape(title)}"]`)?.focus();
    });
  }

  size() {
    if (!this.shape || this.shape.center) return null;
    return this.shape.parts.reduce((sum, rings) => sum + rings.reduce((left, ring, i) => left + (i ? -1 : 1) * this.square(ring), 0), 0);
  }

  square(ring) {
    if (this.host.flat) return areaOf(ring);
    const [, south, , north] = boxOf(ring);
    return areaOf(ring) * 111_195 * 111_320 * Math.cos((((south + north) / 2) * Math.PI) / 180);
  }
}
