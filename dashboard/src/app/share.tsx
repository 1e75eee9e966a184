/** `/s#{token}`: the vehicles of a share, for every guest with its link. */

import { SharePage } from '../features/share/SharePage';
import { loadText } from '../lib/strings/strings';
import { renderPage } from './render';
import '../styles/login.css';
import '../styles/controls.css';
import '../styles/trip.css';
import '../styles/track.css';
import '../styles/share.css';

void loadText().then(() => renderPage(<SharePage />));
