/** `/driver`: for drivers of parcels. */

import { DriverPage } from '../features/driver/DriverPage';
import { SignedIn } from '../features/session/SignedIn';
import { renderPage } from './render';
import '../styles/login.css';
import '../styles/trip.css';
import '../styles/toasts.css';
import '../styles/driver.css';

renderPage(
  <SignedIn lead="Share where you are with those who wait for their parcels.">
    {(me, { signOut, end }) => <DriverPage me={me} onSignOut={signOut} onSessionEnd={end} />}
  </SignedIn>,
);
