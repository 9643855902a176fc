// Shapes as plain numbers: points are [x, y] (longitude and latitude, or metres on a plan), rings are open lists of points, parts are
// [outline, hole, hole, ...]. In and out: values; nothing here knows the map.

// A GeoJSON geometry (or a Point and its radius) as a shape; null where there is none.
export function shapeOf(geometry, radius) {
  if (!geometry) return null;
  if (geometry.type === "Point") return { center: geometry.coordinates.slice(0, 2), radius: radius || 10 };
  const parts = geometry.type === "Polygon" ? [geometry.coordinates] : geometry.coordinates;
  return { parts: parts.map((rings) => rings.map(opened)) };
}

// The same back: { geometry, radius }.
export function geometryOf(shape) {
  if (!shape) return { geometry: null, radius: null };
  if (shape.center) return { geometry: { type: "Point", coordinates: rounded(shape.center) }, radius: Math.round(shape.radius * 10) / 10 };
  const parts = shape.parts.map((rings) => rings.map((ring) => [...ring, ring[0]].map(rounded)));
  const geometry = parts.length === 1 ? { type: "Polygon", coordinates: parts[0] } : { type: "MultiPolygon", coordinates: parts };
  return { geometry, radius: null };
}

// A centimetre is fine enough.
function rounded([x, y]) {
  return [Math.round(x * 1e7) / 1e7, Math.round(y * 1e7) / 1e7];
}

function opened(ring) {
  const [first, last] = [ring[0], ring[ring.length - 1]];
  const closed = ring.length > 1 && first[0] === last[0] && first[1] === last[1];
  return (closed ? ring.slice(0, -1) : ring).map((point) => point.slice(0, 2));
}

// What a shape spans: [west, south, east, north] of its points.
export function boxOf(points) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

export function isInside([x, y], ring) {
  let inside = false;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [[xi, yi], [xj, yj]] = [ring[i], ring[j]];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}

// The middle of a ring by its area; of a line by its points.
export function middleOf(ring) {
  let [twice, x, y] = [0, 0, 0];
  const [ox, oy] = ring[0]; // degrees are small beside where they lie
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) {
    const [ax, ay, bx, by] = [ring[j][0] - ox, ring[j][1] - oy, ring[i][0] - ox, ring[i][1] - oy];
    const cross = ax * by - bx * ay;
    twice += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  if (!twice) return [ring.reduce((sum, p) => sum + p[0], 0) / ring.length, ring.reduce((sum, p) => sum + p[1], 0) / ring.length];
  return [ox + x / (3 * twice), oy + y / (3 * twice)];
}

export function areaOf(ring) {
  let twice = 0;
  for (let i = 0, j = ring.length - 1; i < ring.length; j = i++) twice += ring[j][0] * ring[i][1] - ring[i][0] * ring[j][1];
  return Math.abs(twice) / 2;
}

// Cuts a ring by the line from a to b: the two halves, the larger first; null where the line does not cross it exactly twice.
export function splitBy(ring, a, b) {
  const cuts = [];
  ring.forEach((from, i) => {
    const to = ring[(i + 1) % ring.length];
    const at = crossing(a, b, from, to);
    if (at) cuts.push({ i, at });
  });
  if (cuts.length !== 2) return null;
  const [first, second] = cuts;
  const one = [first.at, ...ring.slice(first.i + 1, second.i + 1), second.at];
  const other = [second.at, ...ring.slice(second.i + 1), ...ring.slice(0, first.i + 1), first.at];
  return [one, other].sort((p, q) => areaOf(q) - areaOf(p));
}

function crossing([ax, ay], [bx, by], [cx, cy], [dx, dy]) {
  const below = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx);
  if (!below) return null;
  const t = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / below;
  const u = ((cx - ax) * (by - ay) - (cy - ay) * (bx - ax)) / below;
  return t >= 0 && t <= 1 && u >= 0 && u < 1 ? [ax + t * (bx - ax), ay + t * (by - ay)] : null;
}

// The point of the line from a to b that is nearest to p.
export function nearestOn(p, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const squared = dx * dx + dy * dy;
  const t = squared ? Math.max(0, Math.min(1, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / squared)) : 0;
  return [a[0] + t * dx, a[1] + t * dy];
}
