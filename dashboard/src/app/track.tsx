import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { TrackPage } from '../features/track/TrackPage';
import 'maplibre-gl/dist/maplibre-gl.css';
import '../styles/tokens.css';
import '../styles/page.css';
import '../styles/login.css';
import '../styles/map.css';
import '../styles/trip.css';
import '../styles/marks.css';

const root = document.getElementById('root');
// The address is /track/{tracking_id}.
const trackingId = decodeURIComponent(window.location.pathname.split('/')[2] ?? '');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <TrackPage trackingId={trackingId} />
    </StrictMode>,
  );
}
