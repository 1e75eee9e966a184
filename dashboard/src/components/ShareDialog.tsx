/** Makes a link by which guests see some vehicles, and shows it once. */

import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useState } from 'react';
import { addShare, linkOf, sharesQuery } from '../lib/api/shares';
import { addDays, dayBounds } from '../lib/settings/days';
import { type Format, useFormat } from '../lib/settings/format';
import { useText } from '../lib/strings/strings';
import { serverNowMs } from '../lib/time/server-clock';
import { Choice, Field } from './Field';
import { Form, textOf } from './Form';
import { Modal } from './Modal';
import { Secret } from './Secret';

const QrCode = lazy(() => import('./QrCode'));

const ENDINGS = ['hour', 'hours', 'day', 'week', 'other'] as const;
type Ending = (typeof ENDINGS)[number];
const HOUR_MS = 3_600_000;

interface Props {
  vehicles: { id: string; label: string }[];
  /** What they are, in the singular if it is one. */
  noun: string;
  onClose: () => void;
}

interface Made {
  link: string;
  name: string;
  endMs: number;
}

export function ShareDialog({ vehicles, noun, onClose }: Props) {
  const t = useText();
  const format = useFormat();
  const queries = useQueryClient();
  const [ending, setEnding] = useState<Ending>('hours');
  const [made, setMade] = useState<Made | null>(null);
  if (made) return <MadeLink made={made} onClose={onClose} />;
  const [first] = vehicles;
  const today = format.dayKey(serverNowMs());
  return (
    <Modal title={t.sharing.title(vehicles.length, noun)} onClose={onClose}>
      <p className="modal-text">{vehicles.length === 1 ? t.sharing.lead : t.sharing.leadMany}</p>
      <Form
        action={t.sharing.make}
        onCancel={onClose}
        onSubmit={async (data) => {
          const endMs = endOf(ending, textOf(data, 'last_day') ?? today, format);
          const share = await addShare({
            name: textOf(data, 'name') ?? '',
            vehicle_ids: vehicles.map(({ id }) => id),
            expires_at: new Date(endMs).toISOString(),
          });
          void queries.invalidateQueries({ queryKey: sharesQuery.queryKey });
          setMade({ link: linkOf(share.token ?? ''), name: share.name, endMs });
        }}
      >
        {(errors) => (
          <>
            <Field
              label={t.sharing.name}
              name="name"
              hint={t.sharing.nameHint}
              defaultValue={vehicles.length === 1 ? first?.label : `${vehicles.length} ${noun}`}
              required
              error={errors.name}
            />
            <Choice
              label={t.sharing.ends}
              value={ending}
              error={ending === 'other' ? null : errors.expires_at}
              onChange={({ target }) => setEnding(target.value as Ending)}
            >
              {ENDINGS.map((each) => (
                <option key={each} value={each}>
                  {t.sharing.endings[each]}
                </option>
              ))}
            </Choice>
            {ending === 'other' ? (
              <Field
                label={t.sharing.lastDay}
                name="last_day"
                type="date"
                defaultValue={addDays(today, 1)}
                min={today}
                required
                hint={t.common.timesIn(format.zone())}
                error={errors.expires_at}
              />
            ) : null}
          </>
        )}
      </Form>
    </Modal>
  );
}

function endOf(ending: Ending, lastDay: string, format: Format): number {
  const nowMs = serverNowMs();
  if (ending === 'hour') return nowMs + HOUR_MS;
  if (ending === 'hours') return nowMs + 8 * HOUR_MS;
  if (ending === 'week') return nowMs + 7 * 24 * HOUR_MS;
  return dayBounds(ending === 'day' ? format.dayKey(nowMs) : lastDay, format.timeZone).toMs;
}

function MadeLink({ made: { link, name, endMs }, onClose }: { made: Made; onClose: () => void }) {
  const t = useText();
  const format = useFormat();
  return (
    <Modal title={t.sharing.madeTitle} mustAnswer onClose={onClose}>
      <p className="modal-text">{t.sharing.madeText(`${format.moment(endMs)} ${format.zone(endMs)}`)}</p>
      <Secret label={t.sharing.link} value={link} />
      <Suspense fallback={<div className="qr" aria-busy="true" />}>
        <QrCode label={t.sharing.link} text={link} />
      </Suspense>
      <div className="form-actions">
        {'share' in navigator ? (
          <button
            type="button"
            className="button"
            // Rejected when the user changes their mind.
            onClick={() => void navigator.share({ title: name, url: link }).catch(() => undefined)}
          >
            {t.sharing.send}
          </button>
        ) : null}
        <button type="button" className="button button-primary" onClick={onClose}>
          {t.sharing.done}
        </button>
      </div>
    </Modal>
  );
}
