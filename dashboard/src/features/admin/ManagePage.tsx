/** Administration: one page with a tab for each kind of thing. */

import { lazy, type ReactNode, Suspense } from 'react';
import { Link } from 'wouter';
import { Empty, Loading, Page } from '../../components/Page';
import type { Me } from '../../lib/api/get-me';
import { may } from '../../lib/roles';
import { useText } from '../../lib/strings/strings';

const Vehicles = lazy(() => import('./Vehicles').then((m) => ({ default: m.Vehicles })));
const Devices = lazy(() => import('./Devices').then((m) => ({ default: m.Devices })));
const Users = lazy(() => import('./Users').then((m) => ({ default: m.Users })));
const Webhooks = lazy(() => import('./Webhooks').then((m) => ({ default: m.Webhooks })));
const Shares = lazy(() => import('./Shares').then((m) => ({ default: m.Shares })));
const Tokens = lazy(() => import('./Tokens').then((m) => ({ default: m.Tokens })));
const Audit = lazy(() => import('./Audit').then((m) => ({ default: m.Audit })));
const Thresholds = lazy(() => import('./Thresholds').then((m) => ({ default: m.Thresholds })));

const TABS = ['vehicles', 'devices', 'shares', 'users', 'tokens', 'webhooks', 'thresholds', 'audit'] as const;
type Tab = (typeof TABS)[number];

const OF_ADMINS: ReadonlySet<Tab> = new Set(['users', 'tokens', 'webhooks', 'audit']);

const VIEWS: Record<Tab, (me: Me) => ReactNode> = {
  vehicles: (me) => <Vehicles me={me} />,
  devices: (me) => <Devices me={me} />,
  shares: (me) => <Shares me={me} />,
  users: (me) => <Users me={me} />,
  tokens: (me) => <Tokens me={me} />,
  webhooks: () => <Webhooks />,
  thresholds: () => <Thresholds />,
  audit: (me) => <Audit me={me} />,
};

export function ManagePage({ me, tab }: { me: Me; tab: string }) {
  const t = useText();
  const tabs = TABS.filter((name) => may(me, 'people') || !OF_ADMINS.has(name));
  const shown = tabs.find((name) => name === tab);
  return (
    <Page title={t.manage.title}>
      <nav aria-label={t.manage.title}>
        <ul className="tabs">
          {tabs.map((name) => (
            <li key={name}>
              <Link href={`/admin/${name}`} aria-current={name === shown ? 'page' : undefined}>
                {t.manage[name]}
              </Link>
            </li>
          ))}
        </ul>
      </nav>
      <Suspense fallback={<Loading />}>
        {shown ? (
          VIEWS[shown](me)
        ) : (
          <Empty icon="warn" title={t.common.noAccessTitle}>
            {t.common.noAccess}
          </Empty>
        )}
      </Suspense>
    </Page>
  );
}
