/** React hooks over the tracking clients. */

export { type DeliveryHook, useDelivery, type UseDeliveryOptions } from './useDelivery.js';
export {
  type DriverLocation,
  type TrackingSocketHook,
  useTrackingSocket,
  type UseTrackingSocketOptions,
} from './useTrackingSocket.js';
