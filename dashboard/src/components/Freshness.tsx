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
  /** Since when its driver is off duty. */
  offDutyMs?: number | null;
}

export function Freshness({ state, atMs, nowMs, offDutyMs = null }: Props) {
  const t = useText();
  const format = useFormat();
  if (offDutyMs !== null && atMs === null)
    return <span data-freshness="off-duty">{t.freshness.offDuty(format.moment(offDutyMs, nowMs))}</span>;
  if (atMs === null) return <span data-freshness="never">{t.freshness.never}</span>;
  const title = `${format.day(atMs)} ${format.clockSeconds(atMs)} ${format.zone(atMs)}`;
  return (
    <time data-freshness={state} dateTime={new Date(atMs).toISOString()} title={title}>
      {state === 'stale' ? t.freshness.since(format.moment(atMs, nowMs)) : ageText(atMs, nowMs, t)}
    </time>
  );
}
