/** The marks of a trip's map: a blue dot at the pickup, a red flag at the destination, a green dot or truck for the vehicle. */

export type TripMark = 'pickup' | 'destination' | 'rider' | 'truck';

const DRAWINGS: Record<TripMark, { side: number; svg: string }> = {
  pickup: {
    side: 26,
    svg: '<circle class="mark-edge" cx="13" cy="13" r="9"/><circle class="mark-pickup" cx="13" cy="13" r="6.5"/>',
  },
  destination: {
    side: 44,
    svg: '<ellipse cx="12" cy="40" rx="6" ry="2.2" fill="rgb(0 0 0 / 0.25)"/><path class="mark-pole" d="M12 40V6"/><path class="mark-flag" d="M12 6.5c6-4 12 4 21 0v15c-9 4-15-4-21 0z"/>',
  },
  rider: {
    side: 40,
    svg: '<circle class="mark-pulse" cx="20" cy="20" r="11"/><circle class="mark-edge" cx="20" cy="20" r="11"/><circle class="mark-live" cx="20" cy="20" r="8"/>',
  },
  truck: {
    side: 48,
    svg: '<circle class="mark-pulse" cx="24" cy="24" r="17"/><circle class="mark-edge" cx="24" cy="24" r="18"/><circle class="mark-live" cx="24" cy="24" r="16"/><path class="mark-sign" d="M13.5 18h12v11.5h-12zM26.5 21.5h4.2l3.8 4.2v3.8h-8z"/><circle class="mark-wheel" cx="18" cy="30.5" r="2.6"/><circle class="mark-wheel" cx="29.5" cy="30.5" r="2.6"/>',
  },
};

/** From the middle of the drawing to its point on the map; for the flag that is the foot of its pole. */
export const MARK_OFFSETS: Record<TripMark, [number, number]> = {
  pickup: [0, 0],
  destination: [10, -18],
  rider: [0, 0],
  truck: [0, 0],
};

export function createMark(mark: TripMark, label: string): HTMLElement {
  const { side, svg } = DRAWINGS[mark];
  const element = document.createElement('div');
  element.className = `mark mark-of-${mark}`;
  element.setAttribute('role', 'img');
  element.setAttribute('aria-label', label);
  element.title = label;
  element.innerHTML = `<svg viewBox="0 0 ${side} ${side}" width="${side}" height="${side}" aria-hidden="true">${svg}</svg>`;
  return element;
}
