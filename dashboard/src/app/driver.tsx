/** `/driver`: for drivers of parcels. */

import { DriverPage } from '../features/driver/DriverPage';
import { SignedIn } from '../features/session/SignedIn';
import { PageLive } from '../lib/live/PageLive';
import { loadText, presentText } from '../lib/strings/strings';
import { renderPage } from './render';
import '../styles/login.css';
import '../styles/trip.css';
import '../styles/toasts.css';
import '../styles/driver.css';

void loadText().then(() =>
  renderPage(
    <SignedIn lead={presentText().login.driverLead}>
      {(me, { signOut, end }) => (
        <PageLive onSessionEnd={end}>
          <DriverPage me={me} onSignOut={signOut} onSessionEnd={end} />
        </PageLive>
      )}
    </SignedIn>,
  ),
);
