/** One of the driver's parcels, with the step that comes next. */

import { useMutation } from '@tanstack/react-query';
import { type Parcel, type ParcelStatus, parcelText, placeText } from '../../lib/parcels';
import { useText } from '../../lib/strings/strings';
import { changeParcelStatus } from './api/change-parcel-status';

interface Props {
  parcel: Parcel;
  onChanged: () => Promise<unknown>;
  onProblem: (text: string) => void;
}

const NEXT: Partial<Record<ParcelStatus, { status: ParcelStatus; label: 'has' | 'moves' | 'delivered' }>> = {
  assigned: { status: 'picked_up', label: 'has' },
  picked_up: { status: 'in_transit', label: 'moves' },
  in_transit: { status: 'delivered', label: 'delivered' },
  out_for_delivery: { status: 'delivered', label: 'delivered' },
};

export function ParcelCard({ parcel, onChanged, onProblem }: Props) {
  const t = useText();
  const next = NEXT[parcel.status];
  const change = useMutation({
    ...changeParcelStatus(parcel.id),
    onSuccess: () => onChanged(),
    onError: (error) => onProblem(error.message),
  });

  return (
    <li className="driver-parcel" data-parcel-id={parcel.id}>
      <p className="driver-parcel-head">
        <strong>{t.parcels.parcel(parcel.id)}</strong>
        <span>{parcel.status === 'assigned' ? t.driver.toFetch : parcelText(parcel.status, t)}</span>
      </p>
      <dl className="trip-places">
        <div>
          <dt data-mark="pickup">{t.driver.from}</dt>
          <dd>{placeText(parcel.pickup)}</dd>
        </div>
        <div>
          <dt data-mark="destination">{t.driver.to}</dt>
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
          {t.driver[next.label]}
          <span className="visually-hidden">{t.driver.ofParcel(parcel.id)}</span>
        </button>
      ) : null}
    </li>
  );
}
