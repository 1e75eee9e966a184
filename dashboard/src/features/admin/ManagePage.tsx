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
const Thresholds = lazy(() => import('./Thresholds').then((m) => ({ default: m.Thresholds })));

const TABS = ['vehicles', 'devices', 'users', 'webhooks', 'thresholds'] as const;
type Tab = (typeof TABS)[number];

const VIEWS: Record<Tab, (me: Me) => ReactNode> = {
  vehicles: (me) => <Vehicles me={me} />,
  devices: () => <Devices />,
  users: (me) => <Users me={me} />,
  webhooks: () => <Webhooks />,
  thresholds: () => <Thresholds />,
};

export function ManagePage({ me, tab }: { me: Me; tab: string }) {
  const t = useText();
  const tabs = TABS.filter((name) => may(me, 'people') || (name !== 'users' && name !== 'webhooks'));
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
