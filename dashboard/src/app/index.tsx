/** `/`: the login or, with a session, the live map. */

import { lazy, Suspense } from 'react';
import { SignedIn } from '../features/session/SignedIn';
import { renderPage } from './render';
import '../styles/login.css';
import '../styles/map.css';
import '../styles/fleet.css';

// Loaded after the login page, which does not need it.
const MapPage = lazy(() => import('../features/live-map/MapPage').then((module) => ({ default: module.MapPage })));

renderPage(
  <SignedIn lead="See where every bus is, as it moves.">
    {(me, { signOut, end }) => (
      <Suspense fallback={<div className="splash" aria-busy="true" />}>
        <MapPage me={me} onSignOut={signOut} onSessionEnd={end} />
      </Suspense>
    )}
  </SignedIn>,
);
