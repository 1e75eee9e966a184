/** Shows Live, Connecting, Offline or Error, each with its own mark, and a button that reconnects at once. */

import type { ConnectionState } from '@milepost/client';

interface Props {
  state: ConnectionState;
  onRetry: () => void;
}

const WORDS: Record<ConnectionState, string> = {
  connected: 'Live',
  connecting: 'Connecting',
  disconnected: 'Offline',
  error: 'Error',
};
/** The class names of the states. */
const MARKS: Record<ConnectionState, string> = {
  connected: 'live',
  connecting: 'connecting',
  disconnected: 'offline',
  error: 'offline',
};

export function ConnectionBadge({ state, onRetry }: Props) {
  return (
    <span className="badge-group">
      <span className="badge" data-state={MARKS[state]} role="status" aria-label={`Connection: ${WORDS[state]}`}>
        <span className="badge-mark" aria-hidden="true" />
        {WORDS[state]}
      </span>
      {state === 'disconnected' || state === 'error' ? (
        <button type="button" className="text-button" onClick={onRetry}>
          Try now
        </button>
      ) : null}
    </span>
  );
}
