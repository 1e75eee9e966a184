/** The public page of a share: what became of its link, and its vehicles while guests are let in. */

import { useQuery } from '@tanstack/react-query';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { Brand } from '../../components/Brand';
import { Notice } from '../../components/Notice';
import { PageLive } from '../../lib/live/PageLive';
import { useFormat } from '../../lib/settings/format';
import { useText } from '../../lib/strings/strings';
import { type OpenedShare, shareQuery } from './api/open-share';
import { SharedVehicles } from './SharedVehicles';

/** A connection was refused, and the server says that the link is good: a node that has not heard of it yet. */
const TRY_AGAIN_MS = 2_000;

export function SharePage() {
  // Behind the `#`, which browsers send to no server. Another link may be pasted into the same window.
  const token = useSyncExternalStore(watchHash, () => window.location.hash.slice(1));
  return <OpenedLink key={token} token={token} />;
}

function watchHash(changed: () => void): () => void {
  window.addEventListener('hashchange', changed);
  return () => window.removeEventListener('hashchange', changed);
}

function OpenedLink({ token }: { token: string }) {
  const t = useText();
  const { data: share, failureReason, error, refetch } = useQuery({ ...shareQuery(token), enabled: token !== '' });
  const [isRefused, setIsRefused] = useState(false);
  useEffect(() => {
    if (!isRefused) return;
    void refetch();
    const timer = window.setTimeout(() => setIsRefused(false), TRY_AGAIN_MS);
    return () => window.clearTimeout(timer);
  }, [isRefused, refetch]);
  useEffect(() => {
    document.title = share ? share.name : t.share.title;
  }, [share, t]);

  if (token === '' || error) return <Notice title={t.share.unknown.title}>{t.share.unknown.text}</Notice>;
  if (!share) {
    return (
      <main className="login">
        <section className="login-card notice">
          <Brand />
          <p className="notice-text" role="status" aria-busy="true">
            {failureReason ? t.track.offline : t.share.looking}
          </p>
        </section>
      </main>
    );
  }
  if (share.state !== 'open') return <EndedLink share={share} state={share.state} />;
  return (
    <PageLive key={String(isRefused)} token={token} onSessionEnd={() => setIsRefused(true)}>
      <SharedVehicles share={share} />
    </PageLive>
  );
}

function EndedLink({ share, state }: { share: OpenedShare; state: Exclude<OpenedShare['state'], 'open'> }) {
  const t = useText();
  const format = useFormat();
  const endMs = Date.parse(share.recalled_at ?? share.expires_at);
  const { title, text } = t.share.ends[state];
  return <Notice title={title}>{text(share.name, `${format.moment(endMs)} ${format.zone(endMs)}`)}</Notice>;
}
