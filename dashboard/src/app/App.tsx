/** The application: the login, and the pages of a signed-in user by their addresses. */

import { useQuery } from '@tanstack/react-query';
import { Component, lazy, type ReactNode, Suspense, useMemo } from 'react';
import { Redirect, Route, Switch, useLocation } from 'wouter';
import { Empty, Loading } from '../components/Page';
import { SignedIn } from '../features/session/SignedIn';
import { tenantUseQuery } from '../features/shell/api/get-tenant-use';
import { placesFor } from '../features/shell/navigation';
import { Shell } from '../features/shell/Shell';
import { useFactorDue } from '../lib/api/factor-due';
import type { Me } from '../lib/api/get-me';
import { LiveProvider } from '../lib/live/LiveProvider';
import { type Ability, may } from '../lib/roles';
import { useText } from '../lib/strings/strings';

interface Page {
  path: string;
  /** Who may open it: one of these is enough. */
  for: readonly Ability[] | 'all';
  view: (properties: { me: Me; name: string }) => ReactNode;
}

// Each is loaded when it is opened.
const MapPage = lazy(() => import('../features/live-map/MapPage').then((m) => ({ default: m.MapPage })));
const TripsPage = lazy(() => import('../features/trips/TripsPage').then((m) => ({ default: m.TripsPage })));
const TripPage = lazy(() => import('../features/trips/TripPage').then((m) => ({ default: m.TripPage })));
const HistoryPage = lazy(() => import('../features/history/HistoryPage').then((m) => ({ default: m.HistoryPage })));
const AlertsPage = lazy(() => import('../features/alerts/AlertsPage').then((m) => ({ default: m.AlertsPage })));
const FencesPage = lazy(() => import('../features/geofences/FencesPage').then((m) => ({ default: m.FencesPage })));
const ReportsPage = lazy(() => import('../features/reports/ReportsPage').then((m) => ({ default: m.ReportsPage })));
const ParcelsPage = lazy(() => import('../features/boards/ParcelsPage').then((m) => ({ default: m.ParcelsPage })));
const DeliveriesPage = lazy(() =>
  import('../features/boards/DeliveriesPage').then((m) => ({ default: m.DeliveriesPage })),
);
const ManagePage = lazy(() => import('../features/admin/ManagePage').then((m) => ({ default: m.ManagePage })));
const CadetsPage = lazy(() => import('../features/records/CadetsPage').then((m) => ({ default: m.CadetsPage })));
const CadetPage = lazy(() => import('../features/records/CadetPage').then((m) => ({ default: m.CadetPage })));
const MyRecordsPage = lazy(() => import('../features/records/CadetPage').then((m) => ({ default: m.MyRecordsPage })));
const InboxPage = lazy(() => import('../features/records/InboxPage').then((m) => ({ default: m.InboxPage })));
const MyVehiclesPage = lazy(() =>
  import('../features/family/MyVehiclesPage').then((m) => ({ default: m.MyVehiclesPage })),
);
const AccountPage = lazy(() => import('../features/account/AccountPage').then((m) => ({ default: m.AccountPage })));
const DemoPage = lazy(() => import('../features/demo/DemoPage').then((m) => ({ default: m.DemoPage })));

const PAGES: Page[] = [
  { path: '/map', for: ['fleet'], view: ({ me }) => <MapPage me={me} /> },
  { path: '/trips', for: ['fleet', 'ownVehicles'], view: () => <TripsPage /> },
  { path: '/trips/:id', for: ['fleet', 'ownVehicles'], view: ({ name }) => <TripPage key={name} id={name} /> },
  { path: '/history', for: ['fleet', 'ownVehicles'], view: () => <HistoryPage /> },
  { path: '/alerts', for: ['fleet'], view: ({ me }) => <AlertsPage me={me} /> },
  { path: '/geofences', for: ['fleet'], view: () => <FencesPage /> },
  { path: '/reports', for: ['fleet', 'ownVehicles'], view: ({ me }) => <ReportsPage me={me} /> },
  { path: '/parcels', for: ['fleet', 'clientParcels'], view: ({ me }) => <ParcelsPage me={me} /> },
  { path: '/deliveries', for: ['deliveries', 'findDeliveries'], view: ({ me }) => <DeliveriesPage me={me} /> },
  { path: '/cadets', for: ['records'], view: () => <CadetsPage /> },
  { path: '/cadets/:id', for: ['records'], view: ({ me, name }) => <CadetPage key={name} me={me} id={Number(name)} /> },
  { path: '/my-records', for: ['ownRecords'], view: ({ me }) => <MyRecordsPage me={me} /> },
  { path: '/my-vehicles', for: ['ownVehicles'], view: ({ me }) => <MyVehiclesPage me={me} /> },
  { path: '/inbox', for: 'all', view: ({ me }) => <InboxPage me={me} /> },
  { path: '/admin/:page', for: ['fleet'], view: ({ me, name }) => <ManagePage me={me} tab={name} /> },
];

export function App() {
  const [path] = useLocation();
  const t = useText();
  const isFactorDue = useFactorDue();
  if (path === '/demo') {
    return (
      <Suspense fallback={<div className="splash" aria-busy="true" />}>
        <DemoPage />
      </Suspense>
    );
  }
  return (
    <SignedIn lead={t.session.lead}>
      {(me, { signOut, end }) => (
        <LiveProvider key={String(isFactorDue)} me={me} onSessionEnd={end}>
          <Shell me={me} onSignOut={signOut}>
            <Failsafe key={path}>
              <Suspense fallback={<Loading />}>
                {isFactorDue || path === '/account' ? (
                  <AccountPage me={me} isFactorDue={isFactorDue} onEnd={end} />
                ) : (
                  <Pages me={me} />
                )}
              </Suspense>
            </Failsafe>
          </Shell>
        </LiveProvider>
      )}
    </SignedIn>
  );
}

function Pages({ me }: { me: Me }) {
  const t = useText();
  return (
    <Switch>
      {PAGES.map((page) => (
        <Route key={page.path} path={page.path}>
          {({ id, page: name }: { id?: string; page?: string }) =>
            page.for === 'all' || page.for.some((ability) => may(me, ability)) ? (
              page.view({ me, name: decodeURIComponent(id ?? name ?? '') })
            ) : (
              <Empty icon="warn" title={t.common.noAccessTitle}>
                {t.common.noAccess}
              </Empty>
            )
          }
        </Route>
      ))}
      <Route path="/">
        <Home me={me} />
      </Route>
      <Route path="/login">
        <Home me={me} />
      </Route>
      <Route>
        <Empty
          icon="search"
          title={t.common.notFoundTitle}
          action={
            <a className="button" href="/">
              {t.common.goHome}
            </a>
          }
        >
          {t.common.notFound}
        </Empty>
      </Route>
    </Switch>
  );
}

/** The first page of this user. What the tenant does decides, so it is read first. */
function Home({ me }: { me: Me }) {
  const { data: use, isPending, isEnabled } = useQuery(tenantUseQuery(me));
  const home = useMemo(() => placesFor(me, use ?? null).main[0], [me, use]);
  if (isEnabled && isPending) return <Loading />;
  if (home?.name === 'work') {
    window.location.replace(home.path);
    return <Loading />;
  }
  return <Redirect to={home?.path ?? '/inbox'} replace />;
}

/** Keeps the navigation when a page fails. */
class Failsafe extends Component<{ children: ReactNode }, { hasFailed: boolean }> {
  override state = { hasFailed: false };

  static getDerivedStateFromError() {
    return { hasFailed: true };
  }

  override render() {
    return this.state.hasFailed ? <Broken /> : this.props.children;
  }
}

function Broken() {
  const t = useText();
  return (
    <Empty
      icon="warn"
      title={t.common.brokenTitle}
      action={
        <button type="button" className="button button-primary" onClick={() => window.location.reload()}>
          {t.common.reload}
        </button>
      }
    >
      {t.common.broken}
    </Empty>
  );
}
