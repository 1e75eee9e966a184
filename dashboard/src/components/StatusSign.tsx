/** The sign of a bus's status, the same in the list and on the map. */

import type { StatusGroup } from '../lib/map/palette';
import { statusGroup, statusText } from '../lib/status';

const SIGN: Record<StatusGroup, string> = {
  service: 'M7 6.5h8a1 1 0 0 1 1 1v6a1 1 0 0 1-1 1H7a1 1 0 0 1-1-1v-6a1 1 0 0 1 1-1zM6.5 10.5h9',
  waiting: 'M8.6 7.4v7.2M13.4 7.4v7.2',
  late: 'M11 6.4v5.2l3.4 2',
  alarm: 'M11 6.2v6M11 15.6v.1',
  out: 'M7.6 7.6l6.8 6.8M14.4 7.6l-6.8 6.8',
};

export function StatusSign({ status, isStale }: { status: string; isStale: boolean }) {
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
      <path className="sign-mark" d={SIGN[group]} />
    </svg>
  );
}
