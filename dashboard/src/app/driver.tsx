import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { DriverPage } from '../features/driver/DriverPage';
import { SignedIn } from '../features/session/SignedIn';
import '../styles/tokens.css';
import '../styles/page.css';
import '../styles/login.css';
import '../styles/trip.css';
import '../styles/toasts.css';
import '../styles/driver.css';

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <SignedIn lead="Share where you are with those who wait for their parcels.">
        {(me, { signOut, end }) => <DriverPage me={me} onSignOut={signOut} onSessionEnd={end} />}
      </SignedIn>
    </StrictMode>,
  );
}
