/** The frame of all pages of a signed-in user: navigation, connection, settings. */

import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { Brand } from '../../components/Brand';
import { ConnectionBadge } from '../../components/ConnectionBadge';
import { Icon } from '../../components/Icon';
import { Modal } from '../../components/Modal';
import type { Me } from '../../lib/api/get-me';
import { alertsQuery } from '../../lib/api/list-alerts';
import { useLive, useLiveStatus } from '../../lib/live/useLive';
import { may } from '../../lib/roles';
import { useText } from '../../lib/strings/strings';
import { tenantUseQuery } from './api/get-tenant-use';
import { type Place, placesFor } from './navigation';
import { SettingsDialog } from './SettingsDialog';

interface Props {
  me: Me;
  onSignOut: () => void;
  children: ReactNode;
}

/** A phone's bar holds so many places beside «More». */
const BAR_PLACES = 4;

export function Shell({ me, onSignOut, children }: Props) {
  const t = useText();
  const [path] = useLocation();
  const { data: use } = useQuery(tenantUseQuery(me));
  const { main, more } = useMemo(() => placesFor(me, use ?? null), [me, use]);
  const [open, setOpen] = useState<'settings' | 'more' | null>(null);
  const unread = useUnreadAlerts(me);
  const live = useLive();
  const { connection, isLost } = useLiveStatus();
  useFocusOnNewPage(path);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the window
  useEffect(() => setOpen((now) => (now === 'more' ? null : now)), [path]);

  const item = (place: Place) => <NavItem key={place.name} place={place} path={path} unread={unread} />;
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {t.nav.skip}
      </a>
      <nav className="rail" aria-label={t.nav.main}>
        <Link href="/" className="rail-brand" aria-label="Milepost">
          <Brand />
        </Link>
        <ul>
          {main.map(item)}
          {more.length > 0 ? (
            <li>
              <button type="button" className="rail-item" aria-haspopup="dialog" onClick={() => setOpen('more')}>
                <Icon name="more" size={22} />
                <span>{t.nav.more}</span>
              </button>
            </li>
          ) : null}
        </ul>
        <button
          type="button"
          className="rail-item rail-user"
          aria-haspopup="dialog"
          title={`${me.username}, ${me.tenant}`}
          onClick={() => setOpen('settings')}
        >
          <Icon name="user" size={22} />
          <span>{t.nav.settings}</span>
        </button>
      </nav>
      <main id="content" className="content" tabIndex={-1}>
        {isLost ? (
          <div className="connection-bar" data-state={connection}>
            <ConnectionBadge state={connection} onRetry={live.retryNow} />
          </div>
        ) : null}
        {children}
      </main>
      <nav className="bar" aria-label={t.nav.main}>
        <ul>
          {main.slice(0, BAR_PLACES).map(item)}
          <li>
            <button type="button" className="rail-item" aria-haspopup="dialog" onClick={() => setOpen('more')}>
              <Icon name="more" size={22} />
              <span>{t.nav.more}</span>
            </button>
          </li>
        </ul>
      </nav>
      {open === 'more' ? (
        <Modal title={t.nav.more} onClose={() => setOpen(null)}>
          <ul className="more-list">
            {[...main, ...more].map(item)}
            <li>
              <button type="button" className="rail-item" onClick={() => setOpen('settings')}>
                <Icon name="user" size={22} />
                <span>{t.nav.settings}</span>
              </button>
            </li>
          </ul>
        </Modal>
      ) : null}
      {open === 'settings' ? <SettingsDialog me={me} onSignOut={onSignOut} onClose={() => setOpen(null)} /> : null}
    </div>
  );
}

function NavItem({ place, path, unread }: { place: Place; path: string; unread: number }) {
  const t = useText();
  const root = `/${place.path.split('/')[1]}`;
  const isHere = path === root || path.startsWith(`${root}/`);
  const label = t.nav[place.name];
  const content = (
    <>
      <Icon name={place.icon} size={22} />
      <span>{label}</span>
      {place.name === 'alerts' && unread > 0 ? (
        <span className="rail-count">
          <span aria-hidden="true">{unread > 99 ? '99+' : unread}</span>
          <span className="visually-hidden">{t.alerts.unread(unread)}</span>
        </span>
      ) : null}
    </>
  );
  return (
    <li>
      {place.name === 'work' ? (
        // A page of its own, which a phone keeps open all day.
        <a href={place.path} className="rail-item">
          {content}
        </a>
      ) : (
        <Link href={place.path} className="rail-item" aria-current={isHere ? 'page' : undefined}>
          {content}
        </Link>
      )}
    </li>
  );
}

function useUnreadAlerts(me: Me): number {
  const { data } = useInfiniteQuery({ ...alertsQuery, enabled: may(me, 'fleet') });
  return useMemo(() => data?.pages.flatMap(({ items }) => items).filter(({ read }) => !read).length ?? 0, [data]);
}

/** A new page begins at its top, also for the keyboard and a screen reader. */
function useFocusOnNewPage(path: string): void {
  const last = useRef(path);
  useEffect(() => {
    if (last.current === path) return;
    last.current = path;
    const content = document.getElementById('content');
    content?.focus({ preventScroll: true });
    content?.scrollTo(0, 0);
  }, [path]);
}
