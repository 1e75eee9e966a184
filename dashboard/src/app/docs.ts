/** The API reference: Swagger UI from the server's own files, with the server's own OpenAPI document. */

import SwaggerUI from 'swagger-ui-dist/swagger-ui-es-bundle.js';
import 'swagger-ui-dist/swagger-ui.css';
import '../styles/tokens.css';
import '../styles/docs.css';

interface OpenApi {
  components?: { securitySchemes?: Record<string, unknown> };
  security?: unknown[];
}

const dark = window.matchMedia('(prefers-color-scheme: dark)');
const followTheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followTheme);
followTheme();

void show();

async function show(): Promise<void> {
  const place = document.querySelector<HTMLElement>('#reference');
  if (!place) return;
  try {
    const response = await fetch('/api/v1/openapi.json', { credentials: 'same-origin' });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    place.textContent = '';
    SwaggerUI({
      domNode: place,
      spec: withToken((await response.json()) as OpenApi),
      deepLinking: true,
      docExpansion: 'none', // open, it would be so long that only what is in view exists, which no search finds
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      validatorUrl: null, // the default asks another host to check the document
      withCredentials: true,
    });
  } catch (error) {
    const note = document.createElement('p');
    note.className = 'docs-note';
    note.role = 'alert';
    note.textContent = `The API document could not be read: ${String(error)}`;
    place.replaceChildren(note);
  }
}

/** Adds an input for a token. Without one, calls use the session cookie. */
function withToken(spec: OpenApi): OpenApi {
  const schemes = spec.components?.securitySchemes;
  if (schemes && Object.keys(schemes).length > 0) return spec;
  return {
    ...spec,
    components: {
      ...spec.components,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
    security: [{}, { bearer: [] }],
  };
}
