/** React hooks over the tracking clients. */

export { type DeliveryHook, type UseDeliveryOptions, useDelivery } from './useDelivery.js';
export {
  type DriverLocation,
  type TrackingSocketHook,
  type UseTrackingSocketOptions,
  useTrackingSocket,
} from './useTrackingSocket.js';
