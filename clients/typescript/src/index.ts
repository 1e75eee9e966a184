/** Follows buses, parcels, deliveries and stored events over Milepost's sockets. */

export type { TokenSource } from './address.js';
export { BACKOFF_BASE_MS, BACKOFF_CAP_MS } from './backoff.js';
export { BusClient, type BusClientOptions, type BusFilter } from './bus.js';
export type { BusLocation } from './bus-wire.js';
export { DeliveryClient, type DeliveryClientOptions, type DeliveryEnd } from './delivery.js';
export { DELIVERY_STATUSES, type Delivery, type DeliveryEta, type DeliveryStatus } from './delivery-wire.js';
export { TrackingError, type TrackingErrorKind } from './errors.js';
export { EventClient, type EventClientOptions } from './events.js';
export type { EventFrame } from './events-wire.js';
export { type FixStorage, MAX_FIXES } from './fix-queue.js';
export type { Credentials } from './handshake.js';
export { type NewLocation, ParcelClient, type ParcelClientOptions } from './parcel.js';
export type { ParcelEvent, ParcelLocation, ParcelLocationUpdate } from './parcel-wire.js';
export type { Platform, WebSocketClass } from './platform.js';
export { type ConnectionState, type SocketOptions, TrackingSocket } from './socket.js';
