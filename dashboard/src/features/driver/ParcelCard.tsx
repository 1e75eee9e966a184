/** One of the driver's parcels, with the step that comes next. */

import { useState } from 'react';
import { ApiError } from '../../lib/api/client';
import { changeParcelStatus, type Parcel, type ParcelStatus, placeText } from '../../lib/api/parcels';
import { STATUS_WORDS } from '../../lib/parcels';

interface Props {
  parcel: Parcel;
  onChanged: () => Promise<void>;
  onProblem: (text: string) => void;
}

const NEXT: Partial<Record<ParcelStatus, { status: ParcelStatus; label: string }>> = {
  assigned: { status: 'picked_up', label: 'I have it' },
  picked_up: { status: 'in_transit', label: 'I am on the way' },
  in_transit: { status: 'delivered', label: 'It is delivered' },
  out_for_delivery: { status: 'delivered', label: 'It is delivered' },
};

export function ParcelCard({ parcel, onChanged, onProblem }: Props) {
  const [isBusy, setIsBusy] = useState(false);
  const next = NEXT[parcel.status];

  async function step(status: ParcelStatus) {
    setIsBusy(true);
    try {
      await changeParcelStatus(parcel.id, status);
      await onChanged();
    } catch (error) {
      onProblem(error instanceof ApiError ? error.message : String(error));
    } finally {
      setIsBusy(false);
    }
  }

  return (
    <li className="driver-parcel" data-parcel-id={parcel.id}>
      <p className="driver-parcel-head">
        <strong>Parcel {parcel.id}</strong>
        <span>{parcel.status === 'assigned' ? 'To be fetched' : STATUS_WORDS[parcel.status]}</span>
      </p>
      <dl className="trip-places">
        <div>
          <dt data-mark="pickup">From</dt>
          <dd>{placeText(parcel.pickup)}</dd>
        </div>
        <div>
          <dt data-mark="destination">To</dt>
          <dd>{placeText(parcel.destination)}</dd>
        </div>
      </dl>
      {next ? (
        <button type="button" className="quiet-button" disabled={isBusy} onClick={() => void step(next.status)}>
          {next.label}
          <span className="visually-hidden">: parcel {parcel.id}</span>
        </button>
      ) : null}
    </li>
  );
}
