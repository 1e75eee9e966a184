/** One of the driver's parcels, with the step that comes next. */

import { useMutation } from '@tanstack/react-query';
import { type Parcel, type ParcelStatus, placeText, statusText } from '../../lib/parcels';
import { changeParcelStatus } from './api/change-parcel-status';

interface Props {
  parcel: Parcel;
  onChanged: () => Promise<unknown>;
  onProblem: (text: string) => void;
}

const NEXT: Partial<Record<ParcelStatus, { status: ParcelStatus; label: string }>> = {
  assigned: { status: 'picked_up', label: 'I have it' },
  picked_up: { status: 'in_transit', label: 'I am on the way' },
  in_transit: { status: 'delivered', label: 'It is delivered' },
  out_for_delivery: { status: 'delivered', label: 'It is delivered' },
};

export function ParcelCard({ parcel, onChanged, onProblem }: Props) {
  const next = NEXT[parcel.status];
  const change = useMutation({
    ...changeParcelStatus(parcel.id),
    onSuccess: () => onChanged(),
    onError: (error) => onProblem(error.message),
  });

  return (
    <li className="driver-parcel" data-parcel-id={parcel.id}>
      <p className="driver-parcel-head">
        <strong>Parcel {parcel.id}</strong>
        <span>{parcel.status === 'assigned' ? 'To be fetched' : statusText(parcel.status)}</span>
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
        <button
          type="button"
          className="quiet-button"
          disabled={change.isPending}
          onClick={() => change.mutate(next.status)}
        >
          {next.label}
          <span className="visually-hidden">: parcel {parcel.id}</span>
        </button>
      ) : null}
    </li>
  );
}
