/** `/` and all pages of a signed-in user. */

import { loadText } from '../lib/strings/strings';
import { App } from './App';
import { renderPage } from './render';
import '../styles/login.css';
import '../styles/shell.css';
import '../styles/controls.css';

void loadText().then(() => renderPage(<App />));
