/** The bus socket's messages, checked once where they come in. */

export interface LocationUpdate {
  bus_id: string;
  license_plate: string;
  latitude: number;
  longitude: number;
  /** km/h; 0 when unknown */
  speed: number;
  /** degrees from north; 0 when unknown */
  heading: number;
  status: string;
  /** RFC 3339 */
  timestamp: string;
}

export type ServerMessage =
  | { type: 'location_update'; data: LocationUpdate }
  | { type: 'presence'; data: { viewing: number } };

/** The message, or null when it is of a kind this page doesn't know or can't trust. */
export function parseMessage(text: string): ServerMessage | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(message) || !isRecord(message.data)) return null;
  const data = message.data;
  if (message.type === 'presence') {
    return typeof data.viewing === 'number' ? { type: 'presence', data: { viewing: data.viewing } } : null;
  }
  if (message.type !== 'location_update') return null;
  const { bus_id, latitude, longitude, timestamp } = data;
  if (typeof bus_id !== 'string' || typeof timestamp !== 'string' || Number.isNaN(Date.parse(timestamp))) return null;
  if (!isWithin(latitude, 90) || !isWithin(longitude, 180)) return null;
  return {
    type: 'location_update',
    data: {
      bus_id,
      latitude,
      longitude,
      timestamp,
      license_plate: typeof data.license_plate === 'string' ? data.license_plate : '',
      speed: typeof data.speed === 'number' ? data.speed : 0,
      heading: typeof data.heading === 'number' ? data.heading : 0,
      status: typeof data.status === 'string' ? data.status : '',
    },
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isWithin(value: unknown, limit: number): value is number {
  return typeof value === 'number' && Math.abs(value) <= limit;
}
