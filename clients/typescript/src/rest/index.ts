/** The types of the REST API: `paths` by address and method, `components['schemas']` by name. */

export type { components, paths } from './schema.js';
