/** Shows the login or, with a session, the map. */

import { lazy, Suspense } from 'react';
import { LoginPage } from '../features/session/LoginPage';
import { useSession } from '../features/session/useSession';

const MapPage = lazy(() => import('../features/live-map/MapPage').then((module) => ({ default: module.MapPage })));

export function App() {
  const session = useSession();
  if (session.kind === 'unknown') return <div className="splash" aria-busy="true" />;
  if (session.kind === 'signed-out') return <LoginPage notice={session.notice} onSignIn={session.signIn} />;
  return (
    <Suspense fallback={<div className="splash" aria-busy="true" />}>
      <MapPage me={session.me} onSignOut={session.signOut} onSessionEnd={session.end} />
    </Suspense>
  );
}
