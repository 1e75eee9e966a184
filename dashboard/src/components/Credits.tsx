/** Names the sources of what the map shows. */

import type { AppConfig } from '../lib/api/get-config';

interface Props {
  config: AppConfig;
  routesAttribution?: string | undefined;
}

export function Credits({ config, routesAttribution }: Props) {
  const names = [...(config.streets ? ['© OpenStreetMap'] : []), 'Land: Natural Earth'];
  if (routesAttribution) names.push(`Routes: ${plainText(routesAttribution)}`);
  if (!config.streets && config.tileUrl && config.tileAttribution) names.push(plainText(config.tileAttribution));
  const text = names.join(' · ');
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a narrow map cuts the line off, and focus shows all of it
    <p className="credits" title={text} tabIndex={0}>
      {text}
    </p>
  );
}

/** Attributions are often written as HTML; only their text is shown. */
function plainText(html: string): string {
  return new DOMParser().parseFromString(html, 'text/html').body.textContent ?? '';
}
