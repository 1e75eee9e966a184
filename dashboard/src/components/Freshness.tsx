/** How old what is known of a vehicle is, in the one wording of all pages. */

import { useFormat } from '../lib/settings/format';
import { useText } from '../lib/strings/strings';
import { ageText } from '../lib/time/age';
import type { Freshness as State } from '../lib/time/freshness';

interface Props {
  state: State;
  /** The time of the last position. */
  atMs: number | null;
  nowMs: number;
}

export function Freshness({ state, atMs, nowMs }: Props) {
  const t = useText();
  const format = useFormat();
  if (atMs === null) return <span data-freshness="never">{t.freshness.never}</span>;
  const title = `${format.day(atMs)} ${format.clockSeconds(atMs)} ${format.zone(atMs)}`;
  return (
    <time data-freshness={state} dateTime={new Date(atMs).toISOString()} title={title}>
      {state === 'stale' ? t.freshness.since(format.moment(atMs, nowMs)) : ageText(atMs, nowMs, t)}
    </time>
  );
}
