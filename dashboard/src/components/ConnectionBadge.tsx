/** Shows Live, Connecting, Offline or Error, each with its own mark, and a button that reconnects at once. */

import type { PageConnection } from '../lib/live/connection-state';
import { useText } from '../lib/strings/strings';

interface Props {
  state: PageConnection;
  onRetry: () => void;
}

/** The class names of the states. */
const MARKS: Record<PageConnection, string> = {
  connected: 'live',
  connecting: 'connecting',
  disconnected: 'offline',
  error: 'offline',
};

export function ConnectionBadge({ state, onRetry }: Props) {
  const t = useText();
  return (
    <span className="badge-group">
      <span
        className="badge"
        data-state={MARKS[state]}
        role="status"
        aria-label={t.connection.label(t.connection[state])}
      >
        <span className="badge-mark" aria-hidden="true" />
        {t.connection[state]}
      </span>
      {state === 'disconnected' || state === 'error' ? (
        <button type="button" className="text-button" onClick={onRetry}>
          {t.connection.retry}
        </button>
      ) : null}
    </span>
  );
}
