import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Notice } from '../components/Notice';
import { ParcelPage } from '../features/parcel/ParcelPage';
import { SignedIn } from '../features/session/SignedIn';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/tokens.css';
import '../styles/page.css';
import '../styles/login.css';
import '../styles/map.css';
import '../styles/trip.css';
import '../styles/marks.css';
import '../styles/toasts.css';

const root = document.getElementById('root');
// The address is /parcels/{id}.
const parcelId = Number(window.location.pathname.split('/')[2]);
if (root) {
  createRoot(root).render(
    <StrictMode>
      {Number.isSafeInteger(parcelId) && parcelId > 0 ? (
        <SignedIn lead="See where your parcel is, as it moves.">
          {(me, { signOut, end }) => <ParcelPage parcelId={parcelId} me={me} onSignOut={signOut} onSessionEnd={end} />}
        </SignedIn>
      ) : (
        <Notice title="There is no such parcel">A parcel’s address ends with its number, such as /parcels/12.</Notice>
      )}
    </StrictMode>,
  );
}
