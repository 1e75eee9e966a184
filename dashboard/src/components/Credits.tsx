/** Whose shapes are drawn. */

import type { AppConfig, Routes } from '../lib/api/client';

interface Props {
  config: AppConfig;
  routes: Routes | null;
}

export function Credits({ config, routes }: Props) {
  const names = ['Land: Natural Earth'];
  if (routes?.attribution) names.push(`Routes: ${plainText(routes.attribution)}`);
  if (config.tile_url && config.tile_attribution) names.push(plainText(config.tile_attribution));
  const text = names.join(' · ');
  return (
    <p className="credits" title={text} tabIndex={0}>
      {text}
    </p>
  );
}

/** Attributions are often written as HTML; only their words are shown. */
function plainText(html: string): string {
  return new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '';
}
