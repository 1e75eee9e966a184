/** Live, Connecting, Offline or Error of a tracking socket, each with its own mark, and the way to try at once. */

import type { ConnectionState } from '@milepost/client';

interface Props {
  state: ConnectionState;
  onRetry?: () => void;
}

const WORDS: Record<ConnectionState, string> = {
  connected: 'Live',
  connecting: 'Connecting',
  disconnected: 'Offline',
  error: 'Error',
};
/** The names that the badge's colours have. */
const MARKS: Record<ConnectionState, string> = {
  connected: 'live',
  connecting: 'connecting',
  disconnected: 'offline',
  error: 'offline',
};

export function StateBadge({ state, onRetry }: Props) {
  return (
    <span className="badge-group">
      <span className="badge" data-state={MARKS[state]} role="status" aria-label={`Connection: ${WORDS[state]}`}>
        <span className="badge-mark" aria-hidden="true" />
        {WORDS[state]}
      </span>
      {(state === 'disconnected' || state === 'error') && onRetry ? (
        <button type="button" className="text-button" onClick={onRetry}>
          Try now
        </button>
      ) : null}
    </span>
  );
}
