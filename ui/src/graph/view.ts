import type { Layout, Point } from "./layout";

export interface View extends Point {
  zoom: number;
}

const MARGIN = 32;
// Smaller than this, names cannot be read: then the beginning is shown at this size instead of everything.
const LEAST = 0.45;
const MOST = 1;

/** Where to look first: at everything when it can be read, else at the beginning. */
export function firstView(layout: Layout, width: number, height: number, focus: Point | null): View {
  const fits = Math.min((width - 2 * MARGIN) / layout.width, (height - 2 * MARGIN) / layout.height);
  if (fits >= LEAST) {
    const zoom = Math.min(MOST, fits);
    return { zoom, x: (width - layout.width * zoom) / 2, y: (height - layout.height * zoom) / 2 };
  }
  const zoom = 0.7;
  const at = focus ?? { x: 0, y: 0 };
  return {
    zoom,
    x: within(MARGIN, width / 3 - at.x * zoom, layout.width * zoom, width),
    y: within(MARGIN, height / 2 - at.y * zoom, layout.height * zoom, height),
  };
}

/** Moves as asked, without showing empty ground beyond the picture's edges. */
function within(margin: number, wanted: number, size: number, room: number): number {
  if (size + 2 * margin <= room) return (room - size) / 2;
  return Math.max(room - size - margin, Math.min(margin, wanted));
}
