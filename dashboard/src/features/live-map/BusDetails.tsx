/** Everything known of the selected bus. */

import { ageText, isStale } from '../../lib/time/age';
import type { Bus } from './fleet';
import { StatusSign } from './StatusSign';
import { statusGroup, statusText } from './status';

interface Props {
  bus: Bus;
  nowMs: number;
  onCentre: () => void;
  onClose: () => void;
}

export function BusDetails({ bus, nowMs, onCentre, onClose }: Props) {
  const { fix } = bus;
  const stale = fix === null || isStale(fix.atMs, nowMs);
  return (
    <section className="details" aria-label={`Details of ${bus.label}`} data-stale={stale}>
      <header>
        <StatusSign status={bus.status} isStale={stale} />
        <div className="details-title">
          <h2>{bus.label}</h2>
          <p className="details-status" data-group={statusGroup(bus.status)}>
            {statusText(bus.status)}
          </p>
        </div>
        <button type="button" className="icon-button" aria-label="Close details" onClick={onClose}>
          <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
            <path d="M3.5 3.5l9 9m0-9l-9 9" />
          </svg>
        </button>
      </header>
      <div className="details-now">
        <p className="details-speed">
          <strong>{fix ? Math.round(fix.speedKmh) : '–'}</strong> km/h
        </p>
        <p className="details-heading">
          {fix?.headingDeg != null && (
            <svg
              viewBox="0 0 24 24"
              width="22"
              height="22"
              aria-hidden="true"
              style={{ transform: `rotate(${fix.headingDeg}deg)` }}
            >
              <path d="M12 3l6 17-6-4-6 4z" />
            </svg>
          )}
          {fix?.headingDeg != null ? compassText(fix.headingDeg) : ''}
        </p>
      </div>
      <dl>
        <Item name="Route" value={bus.route} />
        <Item name="Plate" value={bus.plate} />
        <Item name="Driver" value={bus.driverId === null ? '' : `No. ${bus.driverId}`} />
        <Item
          name="Updated"
          value={fix ? `${ageText(fix.atMs, nowMs)}, ${new Date(fix.atMs).toLocaleTimeString()}` : 'no position yet'}
        />
        <Item name="Position" value={fix ? `${fix.latitude.toFixed(5)}, ${fix.longitude.toFixed(5)}` : ''} />
        <Item name="Id" value={bus.id} />
      </dl>
      {fix && (
        <button type="button" className="quiet-button" onClick={onCentre}>
          Centre on map
        </button>
      )}
    </section>
  );
}

function Item({ name, value }: { name: string; value: string }) {
  if (!value) return null;
  return (
    <div>
      <dt>{name}</dt>
      <dd title={value}>{value}</dd>
    </div>
  );
}

const POINTS = ['North', 'North-east', 'East', 'South-east', 'South', 'South-west', 'West', 'North-west'];

function compassText(headingDeg: number): string {
  return POINTS[Math.round(headingDeg / 45) % 8] ?? '';
}
