/** `/parcels/{id}`: a parcel for its client. */

import { Notice } from '../components/Notice';
import { ParcelPage } from '../features/parcel/ParcelPage';
import { SignedIn } from '../features/session/SignedIn';
import { loadText, presentText } from '../lib/strings/strings';
import { renderPage } from './render';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/login.css';
import '../styles/map.css';
import '../styles/trip.css';
import '../styles/marks.css';
import '../styles/toasts.css';

const parcelId = Number(window.location.pathname.split('/')[2]);

void loadText().then(() =>
  renderPage(
    Number.isSafeInteger(parcelId) && parcelId > 0 ? (
      <SignedIn lead={presentText().login.parcelLead}>
        {(me, { signOut, end }) => <ParcelPage parcelId={parcelId} me={me} onSignOut={signOut} onSessionEnd={end} />}
      </SignedIn>
    ) : (
      <Notice title={presentText().parcel.none}>{presentText().parcel.noneHint}</Notice>
    ),
  ),
);
