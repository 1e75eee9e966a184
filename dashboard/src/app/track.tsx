/** `/track/{tracking_id}`: a delivery, for every visitor with its link. */

import { TrackPage } from '../features/track/TrackPage';
import { loadText } from '../lib/strings/strings';
import { renderPage } from './render';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/login.css';
import '../styles/map.css';
import '../styles/trip.css';
import '../styles/marks.css';

const trackingId = decodeURIComponent(window.location.pathname.split('/')[2] ?? '');

void loadText().then(() => renderPage(<TrackPage trackingId={trackingId} />));
