/** `/parcels/{id}`: a parcel for its client. */

import { Notice } from '../components/Notice';
import { ParcelPage } from '../features/parcel/ParcelPage';
import { SignedIn } from '../features/session/SignedIn';
import { renderPage } from './render';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/login.css';
import '../styles/map.css';
import '../styles/trip.css';
import '../styles/marks.css';
import '../styles/toasts.css';

const parcelId = Number(window.location.pathname.split('/')[2]);

renderPage(
  Number.isSafeInteger(parcelId) && parcelId > 0 ? (
    <SignedIn lead="See where your parcel is, as it moves.">
      {(me, { signOut, end }) => <ParcelPage parcelId={parcelId} me={me} onSignOut={signOut} onSessionEnd={end} />}
    </SignedIn>
  ) : (
    <Notice title="There is no such parcel">A parcel’s address ends with its number, such as /parcels/12.</Notice>
  ),
);
