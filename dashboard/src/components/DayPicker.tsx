/** Chooses a day, also one by one. The day is that of the viewer's zone, which is named beside it. */

import { useId } from 'react';
import { addDays } from '../lib/settings/days';
import { useFormat } from '../lib/settings/format';
import { useText } from '../lib/strings/strings';
import { Icon } from './Icon';

export function DayPicker({ day, onDay }: { day: string; onDay: (day: string) => void }) {
  const t = useText();
  const format = useFormat();
  const id = useId();
  const today = format.dayKey(Date.now());
  return (
    <div className="day-picker">
      <button
        type="button"
        className="icon-button"
        aria-label={t.trips.previousDay}
        title={t.trips.previousDay}
        onClick={() => onDay(addDays(day, -1))}
      >
        <Icon name="left" />
      </button>
      <label htmlFor={id} className="visually-hidden">
        {t.common.day}
      </label>
      <input
        id={id}
        type="date"
        className="input"
        value={day}
        max={today}
        onChange={({ target }) => target.value && onDay(target.value)}
      />
      <button
        type="button"
        className="icon-button"
        aria-label={t.trips.nextDay}
        title={t.trips.nextDay}
        disabled={day >= today}
        onClick={() => onDay(addDays(day, 1))}
      >
        <Icon name="right" />
      </button>
      <span className="zone-note">{t.common.timesIn(format.zone(Date.parse(`${day}T12:00:00Z`)))}</span>
    </div>
  );
}
