/** The frame of a page that is not a map: its title, its actions, and what it says while it has nothing to show. */

import { type ReactNode, useEffect } from 'react';
import { ApiError } from '../lib/api/request';
import { useText } from '../lib/strings/strings';
import { Icon, type IconName } from './Icon';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Milepost`;
  }, [title]);
}

interface PageProps {
  title: string;
  lead?: ReactNode;
  actions?: ReactNode;
  /** Uses the whole width. */
  isWide?: boolean;
  children: ReactNode;
}

export function Page({ title, lead, actions, isWide = false, children }: PageProps) {
  useTitle(title);
  return (
    <div className="sheet-page" data-wide={isWide}>
      <header className="sheet-head">
        <div>
          <h1>{title}</h1>
          {lead ? <p className="sheet-lead">{lead}</p> : null}
        </div>
        {actions ? <div className="sheet-actions">{actions}</div> : null}
      </header>
      {children}
    </div>
  );
}

interface EmptyProps {
  icon: IconName;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing to show, and what to do about it. */
export function Empty({ icon, title, children, action }: EmptyProps) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={28} />
      </span>
      <h2>{title}</h2>
      {children ? <p>{children}</p> : null}
      {action}
    </div>
  );
}

export function Loading() {
  const t = useText();
  return (
    <div className="loading" role="status" aria-busy="true">
      <span className="loading-bar" aria-hidden="true" />
      <span className="loading-bar" aria-hidden="true" />
      <span className="loading-bar" aria-hidden="true" />
      <span className="visually-hidden">{t.common.loading}</span>
    </div>
  );
}

/** A reading that failed, with a button that tries again. */
export function Problem({ error, onRetry }: { error: Error; onRetry?: (() => void) | undefined }) {
  const t = useText();
  const isForbidden = error instanceof ApiError && error.status === 403;
  return (
    <div className="empty" role="alert">
      <span className="empty-icon" data-tone="bad">
        <Icon name="warn" size={28} />
      </span>
      <h2>{isForbidden ? t.common.noAccessTitle : error.message}</h2>
      {isForbidden ? <p>{t.common.noAccess}</p> : null}
      {onRetry && !isForbidden ? (
        <button type="button" className="button" onClick={onRetry}>
          {t.common.tryAgain}
        </button>
      ) : null}
    </div>
  );
}

interface Reading {
  isPending: boolean;
  error: Error | null;
  data: unknown;
  refetch: () => unknown;
}

/** What a page shows instead of its data; null once there is some. */
export function notReadYet(query: Reading): ReactNode {
  if (query.data !== undefined) return null;
  if (query.error) return <Problem error={query.error} onRetry={() => void query.refetch()} />;
  return <Loading />;
}
