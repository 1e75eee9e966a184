/** Follows vehicles, alerts, trips and records over one connection to Milepost. */

export type { ConnectionState } from './connection.js';
export type { LiveToken } from './credential.js';
export { LiveError } from './error.js';
export type { Facts, FactsSnapshot, State } from './facts.js';
export type { VehicleFilter } from './filter.js';
export type { FollowStatus } from './following.js';
export { type ConnectionSnapshot, connect, type FactsOptions, type Live, type LiveOptions } from './live.js';
export type { LivePlatform, Signal } from './platform.js';
export type { Store } from './store.js';
export type { VehicleChange, Vehicles, VehiclesSnapshot } from './vehicles.js';
export type {
  Alert,
  AlertFact,
  Box,
  Cadet,
  CadetFact,
  Change,
  Cluster,
  Delivery,
  DeliveryEta,
  FactOf,
  Figures,
  Message,
  Notice,
  NoticeFact,
  Notification,
  Ok,
  Parcel,
  ParcelAt,
  ParcelPlace,
  ParcelZone,
  Place,
  Standing,
  Trip,
  TripFact,
  Vehicle,
  VehicleFact,
  Welcome,
} from './wire.js';
