/** Live, Connecting or Offline, each with its own mark, and the way to try at once. */

import type { ConnectionState } from '../live/connection';

interface Props {
  state: ConnectionState;
  onRetry: () => void;
}

const WORDS = { live: 'Live', connecting: 'Connecting', offline: 'Offline', ended: 'Offline' } as const;

export function ConnectionBadge({ state, onRetry }: Props) {
  const badge = (
    <span className="badge" data-state={state.kind} role="status">
      <span className="badge-mark" aria-hidden="true" />
      {WORDS[state.kind]}
    </span>
  );
  if (state.kind !== 'offline') return badge;
  return (
    <span className="badge-group">
      {badge}
      <button type="button" className="text-button" onClick={onRetry}>
        Try now
      </button>
    </span>
  );
}
