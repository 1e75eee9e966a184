/** The sign of a bus's status, the same in the list and on the map. */

import { SIGNS, signOf } from '../lib/map/signs';
import { statusGroup, statusText } from '../lib/status';

interface Props {
  status: string;
  /** The kind of vehicle, which is shown while it is in service. */
  kind: string;
  isStale: boolean;
}

export function StatusSign({ status, kind, isStale }: Props) {
  const group = statusGroup(status);
  return (
    <svg
      className="sign"
      data-group={group}
      data-stale={isStale}
      viewBox="0 0 22 22"
      width="26"
      height="26"
      role="img"
      aria-label={statusText(status)}
    >
      <circle className="sign-disc" cx="11" cy="11" r="9.6" />
      <path className="sign-mark" d={SIGNS[signOf(group, kind)]} />
    </svg>
  );
}
